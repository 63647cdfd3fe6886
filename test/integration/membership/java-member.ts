import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { KafkaBackend } from '../../../deploy/local/backends.ts';
import { resolveJars } from '../../../deploy/local/kafka-jars.ts';
import { until } from './support.ts';

/** Java's own consumer in a process of its own; needs a JDK (17 or newer), since it is run from source. */
export class JavaMember implements AsyncDisposable {
  held = 0;
  revoked = 0;
  readonly #process: ChildProcess;
  #complaints = '';

  private constructor(child: ChildProcess) {
    this.#process = child;
    child.stderr?.on('data', (text: Buffer) => (this.#complaints += text.toString()));
    if (child.stdout === null) throw new Error('no output to read');
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith('=')) this.held = Number(line.slice(1));
      if (line.startsWith('-')) this.revoked += Number(line.slice(1));
    });
  }

  static async start(kafka: KafkaBackend, groupId: string, topic: string): Promise<JavaMember> {
    const jars = await resolveJars('kafka-4.3.1');
    const source = join(import.meta.dirname, 'JavaMember.java');
    const args = ['-cp', jars.join(':'), source, kafka.bootstrap.join(','), groupId, topic];
    return new JavaMember(
      spawn('java', ['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...args]),
    );
  }

  async holds(count: number): Promise<void> {
    await until(
      `Java holds ${count}, not ${this.held}: ${this.#complaints.slice(-500)}`,
      () => this.held === count,
      40_000,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await exited;
  }
}
