/** The package, and the TensorFlow.js that it computes with. In JavaScript: types of both are beside it, whether they are installed or not. */
export { createTeachable, load } from "@teachablemachine/image";
export { io, setBackend } from "@tensorflow/tfjs";
