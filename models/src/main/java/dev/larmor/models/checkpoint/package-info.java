/**
 * Checkpoints, and the safetensors format they are stored in.
 *
 * <p>A safetensors file is eight bytes with the header's length N (little-endian), N bytes of JSON
 * – {@code {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}} and
 * string-to-string pairs under {@code __metadata__} – and the tensors' bytes, row-major,
 * little-endian, without gaps. No code in it, nothing to unpickle: a file from elsewhere is safe to
 * open. {@link dev.larmor.models.checkpoint.SafetensorsReader} maps a file and checks all of that
 * before a tensor is touched; {@link dev.larmor.models.checkpoint.SafetensorsWriter} streams
 * tensors into a new file that replaces the old one only when it is complete.
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">The format's description</a>
 */
package dev.larmor.models.checkpoint;
