/** Frees a thing that may still be in the making. */

/** Calls `dispose()` on the thing as soon as it is made. If it cannot be made, there is nothing to free. */
export function disposeWhenMade(making: Promise<{ dispose(): void }> | undefined): void {
  void making?.then(
    (made) => made.dispose(),
    () => undefined,
  );
}
