/**
 * Files of named tensors: checkpoints are safetensors files; PyTorch's files come in and go out.
 *
 * <p>A safetensors file is eight bytes with the header's length N (little-endian), N bytes of JSON
 * – {@code {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}} and
 * string-to-string pairs under {@code __metadata__} – and the tensors' bytes, row-major,
 * little-endian, without gaps. No code in it, nothing to unpickle: a file from elsewhere is safe to
 * open. {@link dev.larmor.models.checkpoint.SafetensorsReader} maps a file and checks all of that
 * before a tensor is touched; {@link dev.larmor.models.checkpoint.SafetensorsWriter} streams
 * tensors into a new file that replaces the old one only when it is complete.
 *
 * <p>PyTorch's {@code torch.save} writes a zip archive: the bytes of each storage, and a pickle
 * that says which tensors they are. A pickle is a program, so files from elsewhere are not safe to
 * open with Python's own reader. {@link dev.larmor.models.checkpoint.PyTorchReader} takes its
 * instructions for data: what is neither a tensor nor a plain container is refused by name. {@link
 * dev.larmor.models.checkpoint.PyTorchWriter} writes what {@code torch.load(weights_only=True)}
 * opens.
 *
 * <p>{@link dev.larmor.models.checkpoint.ModelState} is what a run saves and goes on from; {@link
 * dev.larmor.models.checkpoint.StoredState} is its file without a network. A {@link
 * dev.larmor.models.checkpoint.TensorSource} is a tensor whose bytes come when asked for: readers
 * offer it, writers take it, and only one tensor at a time is in memory. {@link
 * dev.larmor.models.checkpoint.TensorFile} is either format, open for reading.
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">The format's description</a>
 */
package dev.larmor.models.checkpoint;
