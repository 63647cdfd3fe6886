import type { Config } from './schema.ts';
import type { Mistake } from './mistake.ts';
import { rule, when } from './rule.ts';

type Route = Config['routes'][number];

/** Data-path rule 12: nothing is stamped twice, nothing is stamped in a circle. */
export const routeRules = rule(['routes'], ({ routes }) =>
  routes.flatMap((route, i) => [
    ...notShared(route, routes.slice(0, i), `routes[${i}]`),
    ...notACircle(route, routes, `routes[${i}]`),
    ...deadLetters(route, routes, `routes[${i}]`),
  ]),
);

function notShared(route: Route, earlier: readonly Route[], at: string): Mistake[] {
  const twice = (key: 'name' | 'input' | 'output', problem: string, remedy: string): Mistake[] =>
    when(
      earlier.some((other) => other[key] === route[key]),
      `${at}.${key}`,
      `${route[key]} ${problem}`,
      remedy,
    );
  return [
    ...twice('name', 'names two routes', 'give each a name of its own'),
    ...twice('input', 'is the input of two routes', 'a topic is stamped by one route'),
    ...twice('output', 'is the output of two routes', 'give each route its own output'),
  ];
}

function notACircle(route: Route, routes: readonly Route[], at: string): Mistake[] {
  const written = [
    ['output', route.output],
    ['deadLetter', route.deadLetter],
    ['mapping.topic', route.mapping?.topic],
  ] as const;
  return written.flatMap(([key, topic]) =>
    when(
      routes.some(({ input }) => input === topic),
      `${at}.${key}`,
      `${topic ?? ''} is an input: events would be stamped again without end`,
      'write to a topic no route reads',
    ),
  );
}

function deadLetters(route: Route, routes: readonly Route[], at: string): Mistake[] {
  const { deadLetter, onError } = route;
  const taken = routes.find(({ output }) => output === deadLetter);
  return [
    ...when(
      taken !== undefined,
      `${at}.deadLetter`,
      taken === route
        ? 'dead letters and stamped events share a topic'
        : `${deadLetter ?? ''} is another route's output`,
      'give dead letters their own',
    ),
    ...when(
      onError === 'deadLetter' && deadLetter === undefined,
      `${at}.onError`,
      'no dead-letter topic is named',
      'name deadLetter, or use stop',
    ),
  ];
}
