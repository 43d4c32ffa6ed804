package dev.larmor.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.larmor.bench.AgainstPyTorch.Side;
import org.junit.jupiter.api.Test;

class AgainstPyTorchTest {
  private static final String WHAT = "15x640x372, fp32";

  private final Side ours = new Side();
  private final Side torch = new Side();

  private static void add(Side side, String json, long ofCard) throws JsonProcessingException {
    side.add(new ObjectMapper().readTree(json), ofCard);
  }

  @Test
  void rowTellsMediansOfAllProcessesAndTheirLargestPeaks() throws JsonProcessingException {
    add(
        ours,
        "{\"seconds\": [0.5, 0.6], \"ledger_peak\": 1073741824, \"roofline\": 0.3}",
        3L << 30);
    add(ours, "{\"seconds\": [0.7], \"ledger_peak\": 2147483648, \"roofline\": 0.3}", 2L << 30);
    add(torch, "{\"seconds\": [1.2], \"max_memory_allocated\": 2147483648}", 0);
    assertEquals(
        "| 15x640x372, fp32 | train | 0.6000 | 1.2000 | 0.500 | met | 0.500"
            + " | 2.00 | 2.00 | 1.000 | missed | 3.00 | – |",
        AgainstPyTorch.row(WHAT, "train", ours, torch));
  }

  @Test
  void rowOfWhatFailedSaysWhyAndHasAllColumns() throws JsonProcessingException {
    add(torch, "{\"seconds\": [1.2], \"max_memory_allocated\": 1}", 0);
    ours.fail("no bf16 here");
    String row = AgainstPyTorch.row(WHAT, "train", ours, torch);
    assertEquals("| 15x640x372, fp32 | train | no bf16 here |" + " |".repeat(10), row);
    assertEquals(columns(AgainstPyTorch.HEADER.lines().findFirst().orElseThrow()), columns(row));
  }

  @Test
  void failureOfPyTorchIsNamed() throws JsonProcessingException {
    add(ours, "{\"seconds\": [1.2], \"ledger_peak\": 1}", 0);
    torch.fail("out of memory");
    assertEquals(
        "| 15x640x372, fp32 | train | PyTorch: out of memory |" + " |".repeat(10),
        AgainstPyTorch.row(WHAT, "train", ours, torch));
  }

  private static long columns(String row) {
    return row.chars().filter(c -> c == '|').count();
  }
}
