/** All cases against every executor. */
import { EXECUTORS } from "./executors.ts";
import { GRAPH_CASES } from "./graph-cases.ts";
import { LAYER_CASES } from "./layer-cases.ts";
import { runCases } from "./run-cases.ts";

for (const executor of EXECUTORS) runCases(executor, [...LAYER_CASES, ...GRAPH_CASES]);
