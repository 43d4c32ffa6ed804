package dev.larmor.models.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

final class CsvTest {
  @Test
  void linesAndTheirFields() {
    assertEquals(
        List.of(List.of("a", "b", ""), List.of("", "c"), List.of("d")),
        Csv.lines("a,b,\r\n\n,c\nd"));
    assertEquals(List.of(), Csv.lines(""));
  }

  @Test
  void whatIsWrittenIsRead() {
    List<String> fields = List.of("plain", "a, b", "say \"no\"", "two\nlines", "", "é");
    assertEquals(List.of(fields, fields), Csv.lines(Csv.line(fields) + Csv.line(fields)));
  }

  @Test
  void aQuoteWithoutEnd() {
    assertThrows(IllegalArgumentException.class, () -> Csv.lines("a,\"b\n"));
  }
}
