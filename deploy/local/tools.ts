import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

interface ToolFailure extends Error {
  readonly stdout?: string;
  readonly stderr?: string;
}

/** Runs a tool to its end; a failure carries the tool's own words. */
export async function tool(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; timeoutMs?: number } = {},
): Promise<string> {
  const { cwd, env, timeoutMs = 10 * 60_000 } = options;
  try {
    const { stdout, stderr } = await run(command, [...args], {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, ...env },
      timeout: timeoutMs,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as ToolFailure;
    throw new Error(
      `${[command, ...args].join(' ').slice(0, 400)}: ${message.split('\n')[0] ?? ''}\n${(stdout + stderr).slice(-4000)}`,
      {
        cause: error,
      },
    );
  }
}

/** The tool's version text, or undefined where it is not on the PATH or does not work. */
export async function versionOf(command: string, flag: string): Promise<string | undefined> {
  try {
    return (await tool(command, [flag], { timeoutMs: 60_000 })).trim();
  } catch {
    return undefined;
  }
}
