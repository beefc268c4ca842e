/** Time that does not depend on what else the machine does. */

/** The milliseconds that this process's threads have worked so far. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
