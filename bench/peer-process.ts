/** A child process of the benchmark: loads one engine, then times rounds of predictions as its parent asks for them. */
import { type Peer, type Precision, peerOptions } from "./peer.ts";

const [module = "", precision = "f32", threads = "1"] = process.argv.slice(2);
const { load } = (await import(module)) as Peer;
const started = performance.now();
const predict = await load(peerOptions(precision as Precision, Number(threads)));
await predict();
process.send?.({ ready: performance.now() - started });
process.on("message", (milliseconds: number) => {
  void round(milliseconds).then((times) => process.send?.({ times }));
});

/** The times of single predictions, for about so many milliseconds. */
async function round(milliseconds: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + milliseconds;
  while (performance.now() < end || times.length < 3) {
    const start = performance.now();
    await predict();
    times.push(performance.now() - start);
  }
  return times;
}
