/** Work, measured so that neither the speed of the machine nor what else it does matters. */

/** A fixed piece of work, like that of readers of files: it goes over bytes and makes objects. */
function yardstick(): number {
  const bytes = new Uint8Array(4_000_000);
  let hash = 0;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0) ^ i, 0x01000193);
  const objects: { readonly hash: number; readonly name: string }[] = [];
  for (let i = 0; i < 100_000; i++) objects.push({ hash: hash + i, name: `${hash} ${i}` });
  return objects.reduce((sum, { hash: one, name }) => sum + one + name.length, 0);
}

/** The milliseconds that the threads of this process have worked so far. */
function busy(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The milliseconds that the yardstick takes on this machine, once it is compiled: the least of four times. */
function measured(): number {
  const times = Array.from({ length: 4 }, () => {
    const start = busy();
    yardstick();
    return busy() - start;
  });
  return Math.max(1, Math.min(...times));
}

let unit: number | undefined;

/** The work that the threads of this process have done so far, in yardsticks. One takes some 20 ms on a machine of 2024. */
export function work(): number {
  unit ??= measured();
  return busy() / unit;
}
