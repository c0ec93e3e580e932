/** The entry of the thread that copies write-ahead logs into their state files. It keeps no file open. */
import { parentPort } from 'node:worker_threads';
import { checkpoint } from '../../../store/checkpoint.js';
import type { CheckpointCommand, CheckpointReport } from './checkpointer.js';

const port = parentPort!;

port.on('message', (command: CheckpointCommand) => {
  if (command.type === 'end') return port.close();
  const { path } = command;
  try {
    checkpoint(path);
  } catch (error) {
    console.error(`the write-ahead log of ${path} was not copied: ${String(error)}`);
  }
  port.postMessage({ path } satisfies CheckpointReport);
});
