/** Reads any HDF5 file: as a plain one, which most are, and if it is none again with the rest of the reader, which is loaded then. */
import { FurtherNeeded } from "./file.ts";
import { type Hdf5Group, openHdf5 } from "./hdf5.ts";

/** What `read` gives. It may be called twice, and has to look at all that it will ever ask of the file: see `foundNow`. */
export async function readHdf5<T>(bytes: Uint8Array, read: (root: Hdf5Group) => T): Promise<T> {
  try {
    return read(openHdf5(bytes));
  } catch (error) {
    if (!(error instanceof FurtherNeeded)) throw error;
    const { further } = await import("./further.ts");
    return read(openHdf5(bytes, further));
  }
}

/** Finds something now, that it shows what the file needs to be read, for when it is asked for; what is wrong with it is thrown then. */
export function foundNow<T>(find: () => T): () => T {
  try {
    const found = find();
    return () => found;
  } catch (error) {
    if (error instanceof FurtherNeeded) throw error;
    return () => {
      throw error;
    };
  }
}
