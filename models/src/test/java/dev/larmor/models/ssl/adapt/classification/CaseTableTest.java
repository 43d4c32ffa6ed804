package dev.larmor.models.ssl.adapt.classification;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.larmor.models.data.DataException;
import dev.larmor.models.io.AtomicFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class CaseTableTest {
  @TempDir private Path folder;

  private Path table(String text) {
    Path file = folder.resolve("t.csv");
    AtomicFile.write(file, text);
    return file;
  }

  @Test
  void columnsInAnyOrder() {
    CaseTable table =
        CaseTable.read(
            table(
                String.join(
                    "\r\n",
                    "\uFEFFlabel,image,subject,mask,image2",
                    "y,a.nii,s1,m.nii,b.nii",
                    "",
                    "\"x, too\",/data/c.nii,s1,,d.nii")));
    assertEquals(2, table.channels());
    Case first = table.cases().getFirst();
    assertEquals("a.nii", first.name());
    assertEquals(List.of(folder.resolve("a.nii"), folder.resolve("b.nii")), first.images());
    assertEquals(Optional.of(folder.resolve("m.nii")), first.mask());
    Case second = table.cases().getLast();
    assertEquals(List.of(Path.of("/data/c.nii"), folder.resolve("d.nii")), second.images());
    assertEquals(Optional.empty(), second.mask());
    assertEquals("s1", second.subject());
    LabelledCases cases = LabelledCases.of(table);
    assertEquals(List.of("x, too", "y"), cases.classes());
    assertArrayEquals(new int[] {1, 0}, cases.labels());
  }

  @Test
  void everyRowIsASubjectOfItsOwn() {
    CaseTable table = CaseTable.read(table("image,label\na.nii,x\nb.nii,y\n"));
    assertEquals(List.of("a.nii", "b.nii"), table.cases().stream().map(Case::subject).toList());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "image;label;age/a;x;3 | unknown column 'age', expected image (image2, image3, ...), label,"
            + " subject or mask",
        "label;subject/x;s | no column 'image' among label, subject",
        "image;label;image/a;x;b | two columns 'image'",
        "image;label/a;x/b | row 3 has 1 fields, the header 2",
        "image;label/a;x/b; | row 3, column 'label': empty",
        "image;label/a;x/a;y | row 3, column 'image': a is there twice",
        "image;label | has a header, but no rows",
        "'' | empty, expected a table with columns image and label",
        "image;label/\"a;x | a quoted field has no end",
        "image;label/a;x/b;x | column 'label' is 'x' in all rows, expected two classes or more",
        "image/a | no column 'label'",
      })
  void mistakes(String text, String sentence) {
    Path file = table(text.replace(';', ',').replace('/', '\n'));
    assertEquals(
        file + ": " + sentence,
        assertThrows(DataException.class, () -> LabelledCases.of(CaseTable.read(file)))
            .getMessage());
  }

  @Test
  void noFile() {
    Path file = folder.resolve("none.csv");
    assertEquals(
        file + ": no such file",
        assertThrows(DataException.class, () -> CaseTable.read(file)).getMessage());
  }
}
