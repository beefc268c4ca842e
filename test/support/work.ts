/** Work, measured so that neither the speed of the machine nor what else it does matters. */

/** Goes over bytes and makes objects, as readers of files do. */
function yardstick(): number {
  const bytes = new Uint8Array(4_000_000);
  let hash = 0;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0) ^ i, 0x01000193);
  const objects: { readonly hash: number; readonly name: string }[] = [];
  for (let i = 0; i < 100_000; i++) objects.push({ hash: hash + i, name: `${hash} ${i}` });
  return objects.reduce((sum, { hash: one, name }) => sum + one + name.length, 0);
}

/** Of all threads of this process, in milliseconds. */
function busy(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** What the yardstick takes here, once it is compiled: the least of a few times. */
function measured(): number {
  const times = Array.from({ length: 4 }, () => {
    const start = busy();
    yardstick();
    return busy() - start;
  });
  return Math.max(1, Math.min(...times));
}

let unit: number | undefined;

/** The work that this process's threads have done so far, in yardsticks: a fixed task that takes about a 50th of a second. */
export function work(): number {
  unit ??= measured();
  return busy() / unit;
}
