package dev.larmor.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostMemoryTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 63, 4096, (256 << 10) - 1, 256 << 10, (2 << 20) - 1, (2 << 20) + 1})
  void blocksAreAlignedAndWritableToTheLastByte(long bytes) {
    MemorySegment block = HostMemory.allocate(bytes);
    assertEquals(bytes, block.byteSize());
    assertEquals(0, block.address() % HostMemory.ALIGNMENT);
    block.fill((byte) 5);
    assertEquals(5, block.get(ValueLayout.JAVA_BYTE, bytes - 1));
    HostMemory.free(block);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void freedBlocksReturnToTheSystemWhateverElseIsHeld() throws IOException {
    long size = 24 << 20;
    MemorySegment[] blocks = new MemorySegment[4];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = HostMemory.allocate(size);
      blocks[i].fill((byte) 1);
    }
    long before = residentBytes();
    HostMemory.free(blocks[0]);
    HostMemory.free(blocks[2]);
    long returned = before - residentBytes();
    HostMemory.free(blocks[1]);
    HostMemory.free(blocks[3]);
    assertTrue(returned > 1.5 * size, returned + " bytes came back of " + 2 * size);
  }

  private static long residentBytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .findFirst()
        .orElseThrow();
  }
}
