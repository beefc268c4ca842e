/**
 * The program of a page's host: a worker in whose own memory plans run, so that the page can go on meanwhile. Its text is sent to the
 * worker: it uses nothing from outside but what every thread has.
 */

/** `address` is in bytes, other lengths in floats. */
export type ToPageHost =
  | { readonly kind: "memory"; readonly place: number; readonly pages: number }
  | { readonly kind: "task"; readonly place: number; readonly task: number; readonly module: WebAssembly.Module }
  | {
      readonly kind: "write";
      readonly place: number;
      readonly address: number;
      readonly rows: number;
      readonly length: number;
      readonly stride: number;
      readonly data: Float32Array;
    }
  | { readonly kind: "run"; readonly task: number; readonly name: string }
  | { readonly kind: "read"; readonly place: number; readonly address: number; readonly length: number }
  | { readonly kind: "drop"; readonly place: number }
  | { readonly kind: "drop task"; readonly task: number };

export type FromPageHost =
  | { readonly kind: "ready" }
  /** The numbers that were read; answers come in the order of the questions. */
  | { readonly kind: "read"; readonly data: Float32Array }
  | { readonly kind: "failed"; readonly message: string };

export function pageHostProgram(
  listen: (receive: (message: ToPageHost) => void) => void,
  post: (message: FromPageHost) => void,
): void {
  const memories = new Map<number, WebAssembly.Memory>();
  const tasks = new Map<number, WebAssembly.Exports>();

  function memoryOf(place: number): WebAssembly.Memory {
    const memory = memories.get(place);
    if (memory === undefined) throw new Error(`no memory ${place}`);
    return memory;
  }

  function floatsAt(place: number, address: number, length: number): Float32Array {
    return new Float32Array(memoryOf(place).buffer, address, length);
  }

  function receive(message: ToPageHost): void {
    switch (message.kind) {
      case "memory": {
        const { place, pages } = message;
        const memory = memories.get(place);
        if (memory === undefined) memories.set(place, new WebAssembly.Memory({ initial: pages, maximum: 65536 }));
        else memory.grow(Math.max(0, pages - memory.buffer.byteLength / 65536));
        break;
      }
      case "task": {
        const env = { memory: memoryOf(message.place) };
        tasks.set(message.task, new WebAssembly.Instance(message.module, { env }).exports);
        break;
      }
      case "write": {
        const { place, address, rows, length, stride, data } = message;
        for (let row = 0; row < rows; row++) {
          const to = floatsAt(place, address + row * stride * 4, length);
          to.set(data.subarray(row * length, (row + 1) * length));
        }
        break;
      }
      case "run": {
        const run = tasks.get(message.task)?.[message.name];
        if (typeof run !== "function") throw new Error(`no function ${message.name}`);
        run();
        break;
      }
      case "read":
        post({ kind: "read", data: floatsAt(message.place, message.address, message.length).slice() });
        break;
      case "drop":
        memories.delete(message.place);
        break;
      case "drop task":
        tasks.delete(message.task);
    }
  }

  listen((message) => {
    try {
      receive(message);
    } catch (error) {
      post({ kind: "failed", message: String(error) });
    }
  });
  post({ kind: "ready" });
}
