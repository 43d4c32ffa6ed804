package dev.larmor.kernels.ref;

import dev.larmor.engine.Buffer;
import java.lang.foreign.MemorySegment;

/** {@code bytes} as the ledger books them; the segment behind is four times as large. */
record RefBuffer(long bytes, MemorySegment segment) implements Buffer {}
