/** Freeing what may still be in the making. */

/** Disposes of it once it is made; one that could not be made needs no freeing. */
export function disposeWhenMade(making: Promise<{ dispose(): void }> | undefined): void {
  void making?.then(
    (made) => made.dispose(),
    () => undefined,
  );
}
