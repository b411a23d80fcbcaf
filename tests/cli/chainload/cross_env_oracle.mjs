// Answers, a JSON line for each line, what the real cross-env would spawn. Only the start of the child is replaced, and
// the environment; everything else is the original's code. Run in the folder where it is installed.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createInterface } from "node:readline";
import { EventEmitter } from "node:events";

const require = createRequire(import.meta.url);
const spawned = [];
require("child_process").spawn = (command, args, options) => {
  spawned.push({ command, args, env: options.env, shell: options.shell === true });
  return new EventEmitter();
};
const { crossEnv } = await import(pathToFileURL(join(process.cwd(), "node_modules/cross-env/dist/index.js")).href);

for await (const line of createInterface({ input: process.stdin })) {
  const { words, environ, shell } = JSON.parse(line);
  const own = process.env;
  process.env = Object.assign(Object.create(null), environ);
  spawned.length = 0;
  let answer;
  try {
    crossEnv(words, shell ? { shell: true } : {});
    answer = spawned[0] ?? null;
  } catch (error) {
    answer = { error: error.name };
  }
  process.env = own;
  for (const signal of ["SIGTERM", "SIGINT", "SIGBREAK", "SIGHUP"]) process.removeAllListeners(signal);
  process.stdout.write(JSON.stringify(answer) + "\n");
}
