using System.IO.Compression;
using System.Text;

namespace Scitq.Tests.Unit.Fetch.Archives;

/// <summary>Odd tars, the same at each call. Some are compressed by gzip.</summary>
internal static class OddTars
{
    private const int Seed = 20261127;
    private static readonly Dialect[] Dialects = Enum.GetValues<Dialect>();

    public static IEnumerable<OddArchive> All() =>
        [.. Names(), .. Sizes(), .. Kinds(), .. Orders(), .. Numbers(), .. Extensions(), .. Sparse(), .. Ends(), .. Compressed(), .. Random(new Random(Seed))];

    private static IEnumerable<OddArchive> Names()
    {
        string[] good =
        [
            "a", "./a", "a b", "d/a", "d//a", "d/./a", "a..b", "..a", "...", "d/.../a", "-rf", "*", "a:b", "a\\b", "\\\\host\\x", "C:\\x", "a\nb", "a\tb",
            "\x1b[31m", " ", "a ", "\xe9", "\xe8", "caf\xe9/\xff", "\xc3\xa9",
            "\xed\xa0\x80", "\xf0\x9f\x98\x80", "\xc3", "#a%20?&", "'\"`$x", "@LongLink", "PaxHeaders/x", new('n', 99), new('n', 100),
            $"{new string('d', 99)}/n", $"{new string('d', 100)}/{new string('n', 100)}",
        ];
        foreach (var (i, name) in good.Index())
            foreach (var dialect in Two(i).Where(d => d != Dialect.V7 || name.Length <= 100))
                yield return Tar($"name '{name}' in {dialect}", new TarWriting(dialect).File(name, name).End(record: dialect == Dialect.Gnu));
        foreach (var dialect in (Dialect[])[Dialect.Gnu, Dialect.Pax])
        {
            foreach (var length in (int[])[101, 200, 254, 255])
                yield return Tar($"name of {length} in {dialect}", new TarWriting(dialect).File(new string('n', length), "x").End());
            yield return Tar($"deep in {dialect}", new TarWriting(dialect).File(string.Join('/', Enumerable.Repeat("deep", 300)), "x").End());
            yield return Tar($"name of 256 in {dialect}", new TarWriting(dialect).File("b", "x").File(new string('n', 256), "x").End(), Outcome.Refused);
            yield return Tar(
                $"path of 5000 in {dialect}",
                new TarWriting(dialect).File("b", "x").File(string.Join('/', Enumerable.Repeat(new string('d', 199), 25)), "x").End(), Outcome.Refused);
            yield return Tar(
                $"two names that differ in one byte in {dialect}",
                new TarWriting(dialect).File("caf\xe9", "one").File("caf\xe8", "two").Member("l\xe9", '2', link: "caf\xe9")
                    .Member("h\xe8", '1', link: "caf\xe8").End());
        }

        foreach (var dialect in Dialects)
        {
            yield return Tar(
                $"name of 257 by prefix in {dialect}",
                new TarWriting(dialect).Header(new string('n', 100), '0', 1, prefix: new string('p', 130)).Data("x"u8.ToArray()).End(), Outcome.SameOrRefused);
            foreach (var bad in (string[])["/tmp/scitq-odd", "../x", "a/../x", "a/../../x", "..", "a/..", "/", "//x", "/../x"])
                yield return Tar($"bad name '{bad}' in {dialect}", new TarWriting(dialect).File("good", "x").File(bad, "x").End(), Outcome.Refused);
            yield return Tar($"no name in {dialect}", new TarWriting(dialect).File("good", "x").File("", "x").End(), Outcome.SameOrRefused);
            yield return Tar($"file named . in {dialect}", new TarWriting(dialect).File("good", "x").File(".", "x").End(), Outcome.SameOrRefused);
        }
    }

    private static IEnumerable<OddArchive> Sizes()
    {
        foreach (var (i, size) in ((int[])[0, 1, 511, 512, 513, 1024, 10239, 10240, 10241, 65535, 65536, 65537, 131071, 131072, 131073, 300_000]).Index())
            foreach (var dialect in Two(i))
                yield return Tar($"{size} bytes in {dialect}", new TarWriting(dialect).Member("a", '0', Content(size, size)).File("b", "b").End());
        yield return Tar("binary size", new TarWriting(Dialect.Gnu).Header("a", '0', 0, change: b => Binary(b, 124, 3)).Data("abc"u8.ToArray()).End());
        yield return Tar(
            "size without an end",
            new TarWriting(Dialect.V7).Header("a", '0', 0, change: b => TarWriting.Put(b, 124, 12, "000000000003")).Data("abc"u8.ToArray()).End());
        yield return Tar(
            "size with blanks",
            new TarWriting(Dialect.V7).Header("a", '0', 0, change: b => TarWriting.Put(b, 124, 12, "          3 ")).Data("abc"u8.ToArray()).End());
        yield return Tar(
            "size after a NUL",
            new TarWriting(Dialect.V7).Header("a", '0', 0, change: b => TarWriting.Put(b, 124, 12, "\0" + "0000000003 ")).Data("abc"u8.ToArray()).End(),
            Outcome.SameOrRefused);
        foreach (var (what, text) in ((string, string)[])[
            ("letters", "abcdefghijk\0"), ("a nine", "00000000009\0"), ("a minus", "-0000000003\0"), ("a hex", "0x000000003\0")])
            yield return Tar(
                $"size of {what}",
                new TarWriting(Dialect.Ustar).File("good", "x").Header("a", '0', 0, change: b => TarWriting.Put(b, 124, 12, text)).Data("abc"u8.ToArray())
                    .End(), Outcome.Refused);
        yield return Tar(
            "negative size", new TarWriting(Dialect.Gnu).File("good", "x").Header("a", '0', 0, change: b => TarWriting.Number(b, 124, -512)).End(),
            Outcome.Refused);
        yield return Tar("huge size", new TarWriting(Dialect.Gnu).File("good", "x").Header("a", '0', long.MaxValue).End(), Outcome.Refused);
        yield return Tar(
            "larger than a number", new TarWriting(Dialect.Gnu).File("good", "x").Header("a", '0', 0, change: b => b.AsSpan(124, 12).Fill(0xBF)).End(),
            Outcome.Refused);
        yield return Tar("pax size", new TarWriting(Dialect.Pax).Pax(("size", "3")).Header("a", '0', 0).Data("abc"u8.ToArray()).File("b", "b").End());
    }

    private static IEnumerable<OddArchive> Kinds()
    {
        foreach (var dialect in Dialects)
        {
            yield return Tar($"folder in {dialect}", new TarWriting(dialect).Member("d/", '5', mode: 493).File("d/a", "x").Member("e", '5').End());
            yield return Tar($"old folder in {dialect}", new TarWriting(dialect).Member("d/", '\0', mode: 493).File("d/a", "x").Member("e/f/", '\0').End());
            yield return Tar(
                $"old folder with a size in {dialect}", new TarWriting(dialect).Header("d/", '\0', 1000).File("d/a", "x").End(), Outcome.SameOrRefused);
            yield return Tar($"folder with a size in {dialect}", new TarWriting(dialect).Header("d/", '5', 4096).File("d/a", "x").End());
            yield return Tar($"only folders in {dialect}", new TarWriting(dialect).Member("./", '5').Member("d/", '5').Member("d/e/", '5').End());
            yield return Tar(
                $"links in {dialect}",
                new TarWriting(dialect).File("d/a", "x").Member("l", '2', link: "d/a").Member("d/l", '2', link: "../d/a").Member("h", '1', link: "d/a")
                    .Member("d/h", '1', link: "./d/a").End());
            yield return Tar(
                $"link to a folder in {dialect}", new TarWriting(dialect).Member("l", '2', link: "d").Member("d/", '5').Member("d/m", '2', link: "..").End());
            yield return Tar($"dangling link in {dialect}", new TarWriting(dialect).Member("l", '2', link: "nowhere").Member("m", '2', link: "m").End());
            yield return Tar(
                $"link with a size in {dialect}",
                new TarWriting(dialect).File("a", "x").Header("l", '2', 1, "a").Header("h", '1', 1, "a").File("b", "y").End());
            yield return Tar(
                $"hard link with content in {dialect}",
                new TarWriting(dialect).File("a", "x").Header("h", '1', 1, "a").Data("x"u8.ToArray()).File("b", "y").End(), Outcome.SameOrRefused);
            yield return Tar(
                $"hard link to itself in {dialect}",
                new TarWriting(dialect).File("foo", "abc").Member("foo", '1', link: "foo").Member("./foo", '1', link: "foo").File("b", "b").End());
            yield return Tar(
                $"hard link to a link in {dialect}",
                new TarWriting(dialect).File("foo", "abc").Member("soft", '2', link: "foo").Member("hard", '1', link: "soft").File("b", "b").End());
            yield return Tar(
                $"hard link to nothing in {dialect}", new TarWriting(dialect).File("a", "x").Member("h", '1', link: "nothing").End(), Outcome.Refused);
            yield return Tar(
                $"hard link to a folder in {dialect}", new TarWriting(dialect).Member("d/", '5').Member("h", '1', link: "d").End(), Outcome.Refused);
            yield return Tar(
                $"long links in {dialect}",
                new TarWriting(dialect).File(new string('n', 90), "x").Member("l", '2', link: $"./{new string('n', 90)}")
                    .Member("m", '2', link: new string('t', dialect is Dialect.Gnu or Dialect.Pax ? 3000 : 100)).End());
            yield return Tar(
                $"special files in {dialect}",
                new TarWriting(dialect).File("a", "x").Member("fifo", '6').Member("null", '3').Member("sda", '4').File("b", "y").End());
            yield return Tar($"contiguous in {dialect}", new TarWriting(dialect).Member("a", '7', "x"u8.ToArray()).End());
            yield return Tar(
                $"volume label in {dialect}", new TarWriting(dialect).Header("backup 1", 'V', 0, mode: 0).File("a", "x").End(),
                dialect == Dialect.Gnu ? Outcome.Same : Outcome.SameOrRefused);
            yield return Tar($"next volume in {dialect}", new TarWriting(dialect).Member("a", 'M', "x"u8.ToArray()).File("b", "y").End(), Outcome.Refused);
            yield return Tar(
                $"dump folder in {dialect}", new TarWriting(dialect).Member("d/", 'D', "Ya\0\0"u8.ToArray()).File("d/a", "x").End(),
                dialect == Dialect.Gnu ? Outcome.Same : Outcome.SameOrRefused);
            foreach (var kind in dialect == Dialect.Ustar ? "89NZAI~" : "8Z")
                yield return Tar(
                    $"kind {kind} in {dialect}", new TarWriting(dialect).File("b", "y").Member("a", kind, "x"u8.ToArray()).End(), Outcome.SameOrRefused);
            foreach (var mode in (int[])(dialect == Dialect.Ustar ? [0, 1, 64, 146, 256, 292, 365, 493, 511, 1023, 2047, 3567, 4095] : [420, 4095]))
                yield return Tar(
                    $"mode {Convert.ToString(mode, 8)} in {dialect}",
                    new TarWriting(dialect).Member("a", '0', "x"u8.ToArray(), mode: mode).Member("d/", '5', mode: mode).File("d/b", "y").End());
        }

        foreach (var (what, target) in ((string, string)[])[("absolute", "/etc/passwd"), ("out", "../x"), ("out later", "d/../../x"), ("empty", "")])
        {
            yield return Tar($"link {what}", new TarWriting(Dialect.Ustar).File("d/a", "x").Member("l", '2', link: target).End(), Outcome.SameOrRefused);
            yield return Tar($"hard link {what}", new TarWriting(Dialect.Ustar).File("d/a", "x").Member("h", '1', link: target).End(), Outcome.Refused);
        }

        yield return Tar("file through a link out", new TarWriting(Dialect.Ustar).Member("l", '2', link: "..").File("l/x", "x").End(), Outcome.Refused);
        yield return Tar(
            "file through a link in", new TarWriting(Dialect.Ustar).Member("d/", '5').Member("l", '2', link: "d").File("l/x", "x").End(),
            Outcome.SameOrRefused);
        yield return Tar(
            "folder through a link", new TarWriting(Dialect.Ustar).Member("d/", '5').Member("l", '2', link: "d").Member("l/e/", '5').End(),
            Outcome.SameOrRefused);
        yield return Tar(
            "hard link moves a link out",
            new TarWriting(Dialect.Ustar).Member("a/b/", '5').Member("a/b/l", '2', link: "../../x").Member("m", '1', link: "a/b/l").End(), Outcome.Refused);
        yield return Tar(
            "hard link through a link", new TarWriting(Dialect.Ustar).File("d/a", "x").Member("l", '2', link: "d").Member("h", '1', link: "l/a").End(),
            Outcome.SameOrRefused);
    }

    private static IEnumerable<OddArchive> Orders()
    {
        foreach (var dialect in Dialects)
        {
            yield return Tar(
                $"folder after its files in {dialect}", new TarWriting(dialect).File("d/a", "x").Member("d/", '5', mode: 320).File("d/b", "y").End());
            yield return Tar($"link before its target in {dialect}", new TarWriting(dialect).Member("l", '2', link: "a").File("a", "x").End());
            yield return Tar(
                $"hard link before its target in {dialect}", new TarWriting(dialect).Member("h", '1', link: "a").File("a", "x").End(), Outcome.Refused);
            yield return Tar(
                $"twice in {dialect}",
                new TarWriting(dialect).File("a", "first and longer").File("b", "y").File("./a", "second").Member("d/", '5').Member("d/", '5').End());
            yield return Tar($"file then link in {dialect}", new TarWriting(dialect).File("a", "x").File("b", "y").Member("b", '2', link: "a").End());
            yield return Tar($"link then file in {dialect}", new TarWriting(dialect).File("a", "x").Member("b", '2', link: "a").File("b", "y").End());
            yield return Tar($"hard link then file in {dialect}", new TarWriting(dialect).File("a", "x").Member("b", '1', link: "a").File("b", "y").End());
            yield return Tar($"file then hard link in {dialect}", new TarWriting(dialect).File("a", "x").File("b", "y").Member("b", '1', link: "a").End());
            yield return Tar($"file then folder in {dialect}", new TarWriting(dialect).File("a", "x").Member("a/", '5').File("a/b", "y").End());
            yield return Tar($"file then a file in it in {dialect}", new TarWriting(dialect).File("a", "x").File("a/b", "y").End(), Outcome.SameOrRefused);
            yield return Tar($"folder then file in {dialect}", new TarWriting(dialect).Member("a/", '5').File("a", "x").End(), Outcome.SameOrRefused);
            yield return Tar($"full folder then file in {dialect}", new TarWriting(dialect).File("a/b", "y").File("a", "x").End(), Outcome.Refused);
            yield return Tar(
                $"link then folder in {dialect}",
                new TarWriting(dialect).Member("d/", '5').Member("l", '2', link: "d").Member("l/", '5').File("l/x", "x").End(), Outcome.SameOrRefused);
        }
    }

    private static IEnumerable<OddArchive> Numbers()
    {
        foreach (var time in (long[])[-1, -86400, 0, 1, int.MaxValue, 1L + int.MaxValue, uint.MaxValue, (1L << 33) - 1, 1L << 33])
            yield return Tar($"time {time}", new TarWriting(Dialect.Gnu).Member("a", '0', "x"u8.ToArray(), time: time).End());
        foreach (var time in (string[])["-1", "-1.5", "0", "1700000000.123456789", "1700000000.", "+5", "4102444800", "17000000000"])
            yield return Tar(
                $"pax time {time}", new TarWriting(Dialect.Pax).Pax(("mtime", time)).File("a", "x").End(), time is "+5" ? Outcome.SameOrRefused : Outcome.Same);
        yield return Tar(
            "pax time of letters", new TarWriting(Dialect.Pax).File("good", "x").Pax(("mtime", "abc")).File("a", "x").End(), Outcome.SameOrRefused);
        yield return Tar("empty numbers", new TarWriting(Dialect.V7).Header("a", '0', 0, change: b => b.AsSpan(100, 24).Clear()).End());
        yield return Tar("wrong checksum", Changed(new TarWriting(Dialect.Ustar).File("good", "x").File("bad", "y").End(), 1024, 'X'), Outcome.Refused);
        yield return Tar("no tar", Encoding.ASCII.GetBytes(new string('x', 2000)), Outcome.Refused);
        yield return Tar("small no tar", "hello"u8.ToArray(), Outcome.Refused);
    }

    private static IEnumerable<OddArchive> Extensions()
    {
        yield return Tar(
            "pax keys twice", new TarWriting(Dialect.Pax).Pax(("path", "one"), ("path", "two"), ("mtime", "1"), ("mtime", "1600000000")).File("a", "x").End());
        yield return Tar(
            "pax twice", new TarWriting(Dialect.Pax).Pax(("path", "one")).Pax(("mtime", "1600000000")).File("a", "x").End(), Outcome.SameOrRefused);
        yield return Tar(
            "pax that others need",
            new TarWriting(Dialect.Pax)
                .Pax(("comment", "hello"), ("VENDOR.key", "x"), ("SCHILY.xattr.user.a", "b"), ("LIBARCHIVE.creationtime", "1"), ("hdrcharset", "BINARY"),
                ("uid", "1"), ("uname", "nobody")).File("a", "x").End());
        yield return Tar(
            "global comment", new TarWriting(Dialect.Pax).Extended('g', TarWriting.Record("comment", "0123456789abcdef")).File("a", "x").File("b", "y").End());
        yield return Tar(
            "global time",
            new TarWriting(Dialect.Pax).Extended('g', TarWriting.Record("mtime", "1600000000")).File("a", "x").Pax(("mtime", "1500000000")).File("b", "y")
                .End());
        yield return Tar(
            "global path", new TarWriting(Dialect.Pax).Extended('g', TarWriting.Record("path", "all")).File("a", "x").File("b", "y").End(), Outcome.Refused);
        yield return Tar("pax of Solaris", new TarWriting(Dialect.Pax).Extended('X', TarWriting.Record("path", "long")).File("a", "x").End());
        yield return Tar("pax with a folder", new TarWriting(Dialect.Pax).Pax(("path", "d/")).Header("d", '0', 0).Pax(("path", "d/a")).File("a", "x").End());
        yield return Tar("pax path with an equals sign", new TarWriting(Dialect.Pax).Pax(("path", "a=b")).File("a", "x").End());
        yield return Tar("pax path with a line end", new TarWriting(Dialect.Pax).Pax(("path", "a\n12 path=b\n")).File("a", "x").End());
        yield return Tar(
            "pax path with a NUL", new TarWriting(Dialect.Pax).File("good", "x").Pax(("path", "a\0b")).File("a", "x").End(), Outcome.SameOrRefused);
        yield return Tar("pax path that is empty", new TarWriting(Dialect.Pax).File("good", "x").Pax(("path", "")).File("a", "x").End(), Outcome.SameOrRefused);
        foreach (var (what, text) in ((string, string)[])[
            ("no length", "path=a\n"), ("a length too long", "99 path=a\n"), ("a length too short", "5 path=a\n"), ("length nought", "0 path=a\n"),
            ("no equals sign", "8 path\n\n"), ("no key", "6 =a\n\n"), ("a huge length", "99999999999999999999 path=a\n")])
            yield return Tar($"pax with {what}", new TarWriting(Dialect.Pax).File("good", "x").Extended('x', text).File("a", "x").End(), Outcome.Refused);
        yield return Tar("pax without a member", new TarWriting(Dialect.Pax).File("good", "x").Pax(("path", "a")).End(), Outcome.SameOrRefused);
        yield return Tar("long name without a member", new TarWriting(Dialect.Gnu).File("good", "x").Long('L', "a").End(), Outcome.SameOrRefused);
        yield return Tar(
            "long names in the other order",
            new TarWriting(Dialect.Gnu).File("a", "x").Long('K', "a").Long('L', new string('n', 150)).Header("n", '2', 0).End());
        yield return Tar("long name without a NUL", new TarWriting(Dialect.Gnu).Header("././@LongLink", 'L', 5).Data("hello"u8.ToArray()).File("a", "x").End());
        yield return Tar("long name and pax", new TarWriting(Dialect.Pax).Long('L', "long").Pax(("path", "pax")).File("a", "x").End());
        yield return Tar(
            "long name of nothing", new TarWriting(Dialect.Gnu).File("good", "x").Header("././@LongLink", 'L', 0).File("a", "x").End(), Outcome.SameOrRefused);
        yield return Tar("long name of gigabytes", new TarWriting(Dialect.Gnu).File("good", "x").Header("././@LongLink", 'L', 1L << 32).End(), Outcome.Refused);
        var many = new TarWriting(Dialect.Pax).File("good", "x");
        for (var i = 0; i < 100; i++) many.Pax(("comment", "x"));
        yield return Tar("a hundred headers", many.File("a", "x").End(), Outcome.SameOrRefused);
        yield return Tar(
            "pax for a volume",
            new TarWriting(Dialect.Pax).Pax(("GNU.volume.filename", "a"), ("GNU.volume.size", "9"), ("GNU.volume.offset", "3")).File("a", "x").End(),
            Outcome.Refused);
        yield return Tar("pax volume label", new TarWriting(Dialect.Pax).Extended('g', TarWriting.Record("GNU.volume.label", "backup")).File("a", "x").End());
    }

    private static IEnumerable<OddArchive> Sparse()
    {
        (string What, int Size, (int At, int Length)[] Pieces)[] shapes =
        [
            ("a tail", 100_004, [(100_000, 4)]), ("a head", 100_000, [(0, 512), (100_000, 0)]), ("only a hole", 100_000, [(100_000, 0)]),
            ("no hole", 600, [(0, 600)]), ("odd pieces", 5000, [(1, 3), (513, 511), (4999, 1)]),
            ("four pieces", 50_000, [(0, 512), (10_000, 512), (20_000, 512), (49_488, 512)]),
            ("many pieces", 400_000, [.. Enumerable.Range(0, 90).Select(i => (i * 4096, 100)), (400_000, 0)]), ("nothing", 0, [(0, 0)]),
        ];
        foreach (var (what, size, pieces) in shapes)
        {
            byte[] stored = [.. pieces.SelectMany((p, i) => Content(p.Length, i))];
            yield return Tar($"sparse 0.0 with {what}", new TarWriting(Dialect.Pax)
                .Pax([("GNU.sparse.size", $"{size}"), ("GNU.sparse.numblocks", $"{pieces.Length}"),
                    .. pieces.SelectMany(p => ((string, string)[])[("GNU.sparse.offset", $"{p.At}"), ("GNU.sparse.numbytes", $"{p.Length}")])])
                .Member("a", '0', stored).File("b", "y").End());
            yield return Tar($"sparse 0.1 with {what}", new TarWriting(Dialect.Pax)
                .Pax(("GNU.sparse.size", $"{size}"), ("GNU.sparse.numblocks", $"{pieces.Length}"), ("GNU.sparse.name", "d/a"),
                    ("GNU.sparse.map", string.Join(',', pieces.Select(p => $"{p.At},{p.Length}"))))
                .Member("GNUSparseFile.1/a", '0', stored).File("b", "y").End());
            var map = Encoding.ASCII.GetBytes($"{pieces.Length}\n{string.Concat(pieces.Select(p => $"{p.At}\n{p.Length}\n"))}");
            byte[] padded = [.. map, .. new byte[(512 - (map.Length % 512)) % 512]];
            yield return Tar($"sparse 1.0 with {what}", new TarWriting(Dialect.Pax)
                .Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "d/a"), ("GNU.sparse.realsize", $"{size}"))
                .Member("GNUSparseFile.1/a", '0', [.. padded, .. stored]).File("b", "y").End());
            yield return Tar($"old sparse with {what}", OldSparse("a", size, pieces, stored, size).File("b", "y").End());
            yield return Tar(
                $"old sparse of a wrong size with {what}", OldSparse("a", size, pieces, stored, size + 1).File("b", "y").End(), Outcome.SameOrRefused);
            if (pieces.Length < 2) continue;
            yield return Tar(
                $"old sparse in a wrong order with {what}", OldSparse("a", size, [.. pieces.Reverse()], stored, size).File("b", "y").End(), Outcome.Refused);
            yield return Tar($"sparse 0.1 in a wrong order with {what}", new TarWriting(Dialect.Pax)
                .Pax(("GNU.sparse.size", $"{size}"), ("GNU.sparse.name", "a"),
                    ("GNU.sparse.map", string.Join(',', pieces.Reverse().Select(p => $"{p.At},{p.Length}")))).Member("x", '0', stored).End(), Outcome.Refused);
        }

        foreach (var (what, map) in ((string, string)[])[
            ("no map", ""), ("letters", "abc\n"), ("a long line", new string('1', 60)), ("a negative", "1\n-1\n1\n"),
            ("a billion pieces", "1000000000\n0\n1\n"), ("a piece behind the end", "1\n99\n9\n"), ("too little", "2\n0\n1\n5\n1\n")])
            yield return Tar(
                $"sparse 1.0 with {what}",
                new TarWriting(Dialect.Pax).File("good", "x")
                    .Pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", "a"), ("GNU.sparse.realsize", "100"))
                .Member("x", '0', [.. Encoding.ASCII.GetBytes(map.PadRight(512, '\0')), (byte)'x']).End(), Outcome.Refused);
        yield return Tar(
            "sparse 2.0",
            new TarWriting(Dialect.Pax).File("good", "x").Pax(("GNU.sparse.major", "2"), ("GNU.sparse.minor", "0")).Member("a", '0', new byte[512]).End(),
            Outcome.Refused);
        yield return Tar("sparse of exabytes", OldSparse("a", 0, [(0, 0)], [], long.MaxValue).End(), Outcome.Refused);
        yield return Tar("old sparse without a magic", new TarWriting(Dialect.V7).Member("a", 'S', "x"u8.ToArray()).End(), Outcome.Refused);
    }

    private static TarWriting OldSparse(string name, int size, (int At, int Length)[] pieces, byte[] stored, long real)
    {
        var tar = new TarWriting(Dialect.Gnu).Header(name, 'S', stored.Length, change: block =>
        {
            Pieces(block, 386, pieces.Take(4));
            block[482] = (byte)(pieces.Length > 4 ? 1 : 0);
            TarWriting.Number(block, 483, real);
        });
        var raw = new List<byte>();
        for (var at = 4; at < pieces.Length; at += 21)
        {
            var block = new byte[512];
            Pieces(block, 0, pieces.Skip(at).Take(21));
            block[504] = (byte)(at + 21 < pieces.Length ? 1 : 0);
            raw.AddRange(block);
        }

        Assert.True(size >= 0);
        return tar.Data([.. raw]).Data(stored);

        static void Pieces(byte[] block, int at, IEnumerable<(int At, int Length)> pieces)
        {
            foreach (var (offset, length) in pieces)
            {
                TarWriting.Octal(block, at, 12, offset);
                TarWriting.Octal(block, at + 12, 12, length);
                at += 24;
            }
        }
    }

    private static IEnumerable<OddArchive> Ends()
    {
        foreach (var dialect in Dialects)
        {
            var tar = new TarWriting(dialect).File("a", "x").Member("d/b", '0', Content(1500, 1)).Member("l", '2', link: "a");
            var (all, whole) = (tar.WithoutEnd(), tar.End());
            for (var cut = 0; cut <= all.Length; cut += 512)
                yield return Tar($"cut at {cut} in {dialect}", whole[..cut], cut == 0 || cut == all.Length ? Outcome.SameOrRefused : Outcome.Refused);
            yield return Tar($"cut in a block in {dialect}", whole[..1700], Outcome.Refused);
            yield return Tar($"one empty block in {dialect}", whole[..(all.Length + 512)]);
            yield return Tar($"garbage behind it in {dialect}", [.. whole, .. Encoding.ASCII.GetBytes("garbage"), .. new byte[2000]]);
            yield return Tar($"another tar behind it in {dialect}", [.. whole, .. new TarWriting(dialect).File("c", "z").End()]);
            yield return Tar(
                $"an empty block within in {dialect}", [.. all, .. new byte[512], .. new TarWriting(dialect).File("c", "z").End()], Outcome.SameOrRefused);
            yield return Tar($"no member in {dialect}", new TarWriting(dialect).End(record: true));
        }
    }

    private static IEnumerable<OddArchive> Compressed()
    {
        var tar = new TarWriting(Dialect.Gnu).File("a", "x").Member("d/b", '0', Content(200_000, 7)).End(record: true);
        var whole = Gzip(tar);
        byte[] members = [.. Gzip(tar[..700]), .. Gzip([]), .. Gzip(tar[700..70_000]), .. Gzip(tar[70_000..])];
        foreach (var (extension, same) in ((string, Outcome)[])[("tar.gz", Outcome.Same)])
        {
            yield return new("one member", extension, whole, same);
            yield return new("several members", extension, members, same);
            yield return new("zeros behind it", extension, [.. whole, .. new byte[5000]], same);
            yield return new("zeros behind several", extension, [.. members, .. new byte[1]], same);
            yield return new("garbage behind it", extension, [.. whole, .. "garbage"u8], Outcome.Refused);
            yield return new("one byte behind it", extension, [.. whole, 7], Outcome.Refused);
            yield return new("garbage behind zeros", extension, [.. whole, .. new byte[600], 1], Outcome.Refused);
            yield return new("much garbage behind it", extension, [.. whole, .. Content(300_000, 3)], Outcome.Refused);
            yield return new("half a header behind it", extension, [.. whole, 0x1F, 0x8B], Outcome.Refused);
            yield return new("wrong checksum", extension, Changed(whole, whole.Length - 6, (char)(whole[^6] ^ 1)), Outcome.Refused);
            yield return new("wrong length", extension, Changed(whole, whole.Length - 2, (char)(whole[^2] ^ 1)), Outcome.Refused);
            yield return new("no more than a header", extension, whole[..10], Outcome.Refused);
            foreach (var cut in (int[])[1, 4, 7, 8, 9, 20, 1000]) yield return new($"{cut} bytes missing", extension, whole[..^cut], Outcome.Refused);
            foreach (var cut in (int[])[1, 8, 9, 30]) yield return new($"{cut} bytes of the last member missing", extension, members[..^cut], Outcome.Refused);
            yield return new(
                "with name, comment, extra", extension, [0x1F, 0x8B, 8, 0x1E, 0, 0, 0, 0, 0, 3, 2, 0, 1, 2, .. "name\0comment\0"u8, 0, 0, .. whole[10..]],
                Outcome.SameOrRefused);
        }
    }

    private static IEnumerable<OddArchive> Random(Random random)
    {
        string[] names = ["a", "b", "d/a", "d/e/a", "./b", "\xe9", "d/\xe8", "x y", "d/e/f/g", new('n', 120), $"{new string('d', 80)}/{new string('n', 90)}"];
        for (var i = 0; i < 80; i++)
        {
            var dialect = Dialects[random.Next(Dialects.Length)];
            var tar = new TarWriting(dialect);
            var made = new List<string>();
            for (var members = random.Next(1, 12); members > 0; members--)
            {
                var name = names[random.Next(names.Length - (dialect is Dialect.Gnu or Dialect.Pax ? 0 : 2))];
                switch (random.Next(8))
                {
                    case 0:
                        tar.Member($"dirs/{random.Next(3)}/", random.Next(2) == 0 && dialect != Dialect.Pax ? '\0' : '5', mode: 493);
                        break;
                    case 1:
                        tar.Member($"soft{random.Next(3)}", '2', link: names[random.Next(names.Length - 2)]);
                        break;
                    case 2 when made.Count > 0:
                        tar.Member($"hard{random.Next(3)}", '1', link: made[random.Next(made.Count)]);
                        break;
                    default:
                        tar.Member(name, random.Next(9) == 0
                            ? '7'
                            : '0', Content(random.Next(3) == 0 ? random.Next(5) * 512 : random.Next(3000), random.Next()), mode: random.Next(512),
                                time: random.NextInt64(0, 1L << 31));
                        made.Add(name);
                        break;
                }
            }

            yield return Tar($"random {i} in {dialect}", tar.End(record: random.Next(2) == 0));
        }
    }

    private static Dialect[] Two(int number) => [Dialects[number % Dialects.Length], Dialects[(number + 2) % Dialects.Length]];

    private static OddArchive Tar(string name, byte[] bytes, Outcome outcome = Outcome.Same) => new(name, "tar", bytes, outcome);

    private static void Binary(byte[] block, int at, long number)
    {
        TarWriting.Number(block, at, long.MaxValue);
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(block.AsSpan(at + 4), number);
    }

    private static byte[] Changed(byte[] bytes, int at, char to)
    {
        bytes = [.. bytes];
        bytes[at] = (byte)to;
        return bytes;
    }

    internal static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(bytes);
        return packed.ToArray();
    }

    internal static byte[] Content(int length, int seed)
    {
        var content = new byte[length];
        new Random(seed).NextBytes(content);
        // Some zeros, as a reader may take them for the end.
        content.AsSpan(0, Math.Min(length, 600)).Clear();
        return content;
    }
}
