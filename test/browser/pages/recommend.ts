/** The page's side of recommend.test.ts. */
import { recommend } from "mobilenet-v2/applications";

export async function run(latencyMs: number): Promise<unknown> {
  return recommend({ latencyMs, downloadBytes: 8e6 });
}
