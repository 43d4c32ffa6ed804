package dev.larmor.bench.ranks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class RanksReportTest {
  private static String report(String... lines) {
    RanksReport report = new RanksReport();
    List.of(lines).forEach(report::add);
    return report.markdown();
  }

  @Test
  void ratioIsThatOfTheMedians() {
    String table =
        report(
            "WARNING: Using incubator modules",
            "result allreduce/4000000/c 0.001",
            "result allreduce/4000000/c 0.004",
            "result allreduce/4000000/c 0.002",
            "result allreduce/4000000/c-nonblocking 0.003",
            "result allreduce/4000000/raw 0.0025",
            "result allreduce/4000000/tensors 0.005");
    assertTrue(table.contains("| 4 MB | 2.00 ms, 2.00 GB/s | 3.00 ms, 1.33 GB/s |"), table);
    assertTrue(table.contains("| 0.80 | 0.9 |"), table);
  }

  @Test
  void efficiencyIsOfWhatTakesLonger() {
    String table =
        report(
            "result overlap/link 3",
            "result overlap/exchange 3.1",
            "result overlap/alone 3.5",
            "result overlap/at-end 6.7",
            "result overlap/overlapped 4",
            "result overlap/waited 0.4");
    assertTrue(table.contains("**0.875**"), table);
  }

  @Test
  void nothingMeasuredIsNoTable() {
    assertEquals("", report("result compute/1x1 3"));
  }
}
