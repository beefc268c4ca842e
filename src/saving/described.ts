/** Tells what stands in a place for descriptions: one object, a list, or several by name. */
import type { ObjectDescription } from "./checkpoint.ts";

export function isObjectDescription(value: unknown): value is ObjectDescription {
  return typeof value === "object" && value !== null && "className" in value && "config" in value;
}

export function isList<T>(value: T): value is Extract<T, readonly unknown[]> {
  return Array.isArray(value);
}

export function isNamed<T>(value: T): value is Extract<T, ReadonlyMap<string, unknown>> {
  return value instanceof Map;
}
