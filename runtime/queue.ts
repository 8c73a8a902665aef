/** The FIFO of a device: its calls and reads reach the GPU in the order in which they were made. */

/** Gives work to the GPU and must not throw. A task that the host has to drive returns a promise, and the others wait for it. */
export type Task = () => void | Promise<void>;

export class CallQueue {
  readonly #waiting: Task[] = [];
  #busy = false;

  /** Whether a task would have to wait. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Runs the task now, or after those that wait. */
  enqueue(task: Task): void {
    this.#waiting.push(task);
    if (!this.#busy) this.#drain();
  }

  /** Resolves when everything enqueued so far has been given to the GPU. */
  drained(): Promise<void> {
    return new Promise((resolve) => this.enqueue(resolve));
  }

  #drain(): void {
    this.#busy = true;
    for (let task = this.#waiting.shift(); task !== undefined; task = this.#waiting.shift()) {
      const promise = task();
      if (promise === undefined) continue;
      const next = (): void => this.#drain();
      promise.then(next, next);
      return;
    }
    this.#busy = false;
  }
}
