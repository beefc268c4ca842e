/** Keras's formats: the `.keras` of Keras 3, and HDF5 for whole models (`.h5`) and for weights (`.h5`, `.weights.h5`). */
import type { Format } from "../format.ts";
import { isHdf5 } from "../hdf5/superblock.ts";
import { isKerasArchive } from "./sniff.ts";

export const keras: Format = {
  mainFile: { own: [/\.keras$/], shared: [/\.(?:h5|hdf5)$/] },
  readers: [
    {
      id: "keras",
      recognizes: isKerasArchive,
      code: () => import("./archive-checkpoint.ts"),
    },
    {
      id: "h5",
      recognizes: isHdf5,
      code: () => import("./hdf5-checkpoint.ts"),
    },
  ],
  writers: [
    {
      id: "keras",
      endings: [".keras"],
      holdsTraining: true,
      write: async (saved, name) => (await import("./write.ts")).writeKerasArchive(saved, name),
    },
    {
      id: "weights.h5",
      endings: [".weights.h5"],
      write: async (saved, name) => (await import("./write.ts")).writeKerasWeights(saved, name),
    },
    {
      id: "h5",
      endings: [".h5", ".hdf5"],
      holdsTraining: true,
      write: async (saved, name) => (await import("./write.ts")).writeKerasH5(saved, name),
    },
    {
      id: "legacy-weights",
      endings: [],
      write: async (saved, name) => (await import("./write.ts")).writeLegacyWeights(saved, name),
    },
  ],
};
