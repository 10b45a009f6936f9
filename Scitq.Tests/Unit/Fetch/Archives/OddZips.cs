using System.Text;

namespace Scitq.Tests.Unit.Fetch.Archives;

/// <summary>Odd zips, the same at each call.</summary>
internal static class OddZips
{
    private const int Seed = 20261128;

    // "hello hello hello…" by Deflate64, which no library here can write.
    private static readonly byte[] PackedByDeflate64 = Convert.FromBase64String("5cQhDQAAAAKwKpRjQ7DR31EBz8VFO7h/ug==");

    public static IEnumerable<OddArchive> All() => [.. Names(), .. Kinds(), .. Content(), .. Ends(), .. Random(new Random(Seed))];

    private static IEnumerable<OddArchive> Names()
    {
        foreach (var name in (string[])[
            "a", "./a", "a b", "d/a", "d//a", "a..b", "..a", "-rf", "a:b", "a\nb", "\xc3\xa9", "\xe9", "caf\x82", "#a%20?&", "'$x", new string('n', 255),
            string.Join('/', Enumerable.Repeat("deep", 100))])
        {
            yield return Zip($"name '{name}'", File(name, name));
            // unzip turns what DOS wrote into the code page of the day; bytes are what bsdtar keeps.
            yield return Zip($"name '{name}' of DOS", File(name, name) with { Host = 0, Mode = 0 });
            yield return Zip(
                $"name '{name}' said to be UTF-8", [File(name, name) with { Flags = 0x800 }], name.Any(c => c > 127) ? Outcome.SameOrRefused : Outcome.Same);
        }

        yield return Zip("backslashes of DOS", File("d\\e\\a", "x") with { Host = 0, Mode = 0 });
        yield return Zip("backslashes of Unix", File("d\\a", "x"));
        yield return Zip("two names that differ in one byte", File("caf\x82", "one"), File("caf\x8a", "two"));
        foreach (var bad in (string[])["/tmp/scitq-odd", "../x", "a/../../x", "..", "/", "", "a/..", "/../x"])
            yield return Zip($"bad name '{bad}'", [File("good", "x"), File(bad, "x")], Outcome.Refused);
        yield return Zip("backslashes out of DOS", [File("good", "x"), File("..\\x", "x") with { Host = 0 }], Outcome.Refused);
        yield return Zip("name of 256", [File("good", "x"), File(new string('n', 256), "x")], Outcome.Refused);
        yield return Zip("path of 5000", [File("good", "x"), File(string.Join('/', Enumerable.Repeat(new string('d', 199), 25)), "x")], Outcome.Refused);
        yield return Zip("name with a NUL", [File("good", "x"), File("a\0b", "x")], Outcome.SameOrRefused);
        yield return Zip("another name before the content", [File("good", "x"), File("a", "x") with { LocalName = "b" }], Outcome.Refused);
        yield return Zip("twice", File("a", "first and longer"), File("a", "second"));
        yield return Zip("file then folder", [File("a", "x"), File("a/", "")], Outcome.SameOrRefused);
        yield return Zip("full folder then file", [File("a/b", "x"), File("a", "x")], Outcome.Refused);
    }

    private static IEnumerable<OddArchive> Kinds()
    {
        yield return Zip("folder", File("d/", "") with { Mode = 0x41ED, Method = 0 }, File("d/a", "x"));
        yield return Zip("folder after its files", File("d/a", "x"), File("d/", "") with { Mode = 0x41ED, Method = 0 });
        yield return Zip("folder by its mode only", [File("d", "") with { Mode = 0x41ED, Method = 0 }], Outcome.SameOrRefused);
        yield return Zip("folder with content", [File("good", "x"), File("d/", "content")], Outcome.SameOrRefused);
        yield return Zip("links", File("d/a", "x"), File("l", "d/a") with { Mode = 0xA1FF }, File("d/l", "../d/a") with { Mode = 0xA1FF, Method = 0 });
        yield return Zip("dangling link", File("l", "nowhere") with { Mode = 0xA1FF });
        yield return Zip("link of bytes", File("l", "caf\xe9") with { Mode = 0xA1FF });
        foreach (var target in (string[])["/etc/passwd", "../x", "d/../../x", "", new string('t', 5000)])
            yield return Zip($"bad link to '{target}'", [File("good", "x"), File("l", target) with { Mode = 0xA1FF }], Outcome.SameOrRefused);
        yield return Zip("file through a link", [File("l", ".") with { Mode = 0xA1FF }, File("l/x", "x")], Outcome.Refused);
        yield return Zip(
            "special files",
            [File("a", "x"), File("fifo", "") with { Mode = 0x11A4 }, File("dev", "") with { Mode = 0x21A4 }, File("sock", "") with { Mode = 0xC1A4 }],
            Outcome.Refused);
        foreach (var mode in (uint[])[0x8100, 0x8180, 0x81FF, 0x8924, 0x8DED, 0x8000]) yield return Zip($"mode {mode:x}", File("a", "x") with { Mode = mode });
        yield return Zip("link of DOS", [File("l", "a") with { Mode = 0xA1FF, Host = 0 }], Outcome.SameOrRefused);
        yield return Zip("time", File("a", "x") with { Extra = [0x55, 0x54, 5, 0, 1, .. BitConverter.GetBytes(1_600_000_001)] });
        yield return Zip("time before 1970", [File("a", "x") with { Extra = [0x55, 0x54, 5, 0, 1, .. BitConverter.GetBytes(-86_400)] }], Outcome.SameOrRefused);
        yield return Zip("broken extra", File("a", "x") with { Extra = [0x55, 0x54, 99, 0, 1] });
    }

    private static IEnumerable<OddArchive> Content()
    {
        foreach (var size in (int[])[0, 1, 8191, 8192, 65535, 65536, 131072, 131073, 300_000])
            foreach (var method in (int[])[0, 8])
                foreach (var streamed in (bool[])[false, true])
                    yield return Zip(
                        $"{size} bytes by {method}{(streamed ? ", streamed" : "")}",
                        [new ZipPart("a", OddTars.Content(size, size)) { Method = method, IsStreamed = streamed }, File("b", "y")],
                        streamed && method == 0 ? Outcome.SameOrRefused : Outcome.Same);
        yield return Zip("large form", File("a", "x") with { IsLarge = true }, File("b", "y") with { IsLarge = true });
        yield return Zip("large number missing", [File("good", "x"), File("a", "x") with { Size = uint.MaxValue }], Outcome.Refused);
        yield return Zip(
            "Deflate64", new ZipPart("a", Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("hello ", 50)))) { Method = 9, Packed = PackedByDeflate64 });
        yield return Zip(
            "damaged Deflate64",
            [File("good", "x"), new ZipPart("a", new byte[300]) { Method = 9, Packed = [.. PackedByDeflate64[..4], 0xFF, .. PackedByDeflate64[5..]] }],
            Outcome.Refused);
        yield return Zip("encrypted", [File("good", "x"), File("a", "x") with { Flags = 1 }], Outcome.Refused);
        foreach (var method in (int[])[1, 6, 12, 14, 93, 95, 98, 99, 1234])
            yield return Zip($"method {method}", [File("good", "x"), File("a", "x") with { Method = method }], Outcome.Refused);
        yield return Zip("wrong checksum", [File("good", "x"), File("a", "x") with { Crc = 1 }], Outcome.Refused);
        yield return Zip("wrong checksum of nothing", [File("good", "x"), File("a", "") with { Crc = 1, Method = 0 }], Outcome.Refused);
        yield return Zip("more than it says", [File("good", "x"), File("a", "xyz") with { Size = 2 }], Outcome.Refused);
        yield return Zip("less than it says", [File("good", "x"), File("a", "xyz") with { Size = 4 }], Outcome.Refused);
        yield return Zip("two sizes", [File("good", "x"), File("a", "xyz") with { Method = 0, Size = 2 }], Outcome.Refused);
        yield return Zip(
            "cut content", [File("good", "x"), new ZipPart("a", OddTars.Content(2000, 1)) { Packed = new ZipPart("a", OddTars.Content(2000, 1)).Data[..100] }],
            Outcome.Refused);
        yield return Zip("damaged content", [File("good", "x"), File("a", "xyz") with { Packed = [0xFF, 0xFF, 0xFF] }], Outcome.Refused);
    }

    private static IEnumerable<OddArchive> Ends()
    {
        ZipPart[] parts = [File("a", "x"), File("d/b", new string('y', 3000)), File("l", "a") with { Mode = 0xA1FF }];
        var whole = ZipWriting.Zip(parts);
        yield return new("comment", "zip", ZipWriting.Zip(parts, comment: "hello"), Outcome.Same);
        yield return new("long comment", "zip", ZipWriting.Zip(parts, comment: new string('c', 65535)), Outcome.Same);
        yield return new(
            "comment with a signature", "zip", ZipWriting.Zip(parts, comment: $"PK\x05\x06{new string('\0', 10)}PK\x05\x06"), Outcome.SameOrRefused);
        yield return new("large end", "zip", ZipWriting.Zip(parts, isLarge: true), Outcome.Same);
        yield return new(
            "large end with a program before it", "zip", [.. Encoding.ASCII.GetBytes("#!/bin/sh\n"), .. ZipWriting.Zip(parts, isLarge: true)],
            Outcome.SameOrRefused);
        yield return new("a program before it", "zip", [.. Encoding.ASCII.GetBytes("#!/bin/sh\nexit 1\n"), .. whole], Outcome.Same);
        yield return new("garbage behind it", "zip", [.. whole, .. "garbage"u8], Outcome.SameOrRefused);
        yield return new("nothing in it", "zip", ZipWriting.Zip([]), Outcome.SameOrRefused);
        yield return new("too few entries", "zip", ZipWriting.Zip(parts, count: 2), Outcome.Refused);
        yield return new("too many entries", "zip", ZipWriting.Zip(parts, count: 4), Outcome.Refused);
        yield return new("no zip", "zip", Encoding.ASCII.GetBytes(new string('x', 2000)), Outcome.Refused);
        yield return new("empty", "zip", [], Outcome.Refused);
        for (var cut = 1; cut < whole.Length; cut += 37) yield return new($"cut by {cut}", "zip", whole[..^cut], Outcome.Refused);
        for (var cut = 1; cut < whole.Length - 100; cut += 53) yield return new($"without its first {cut}", "zip", whole[cut..], Outcome.Refused);
        // untar takes a zip, too.
        yield return new("zip for untar", "tar", whole, Outcome.SameOrRefused);
    }

    private static IEnumerable<OddArchive> Random(Random random)
    {
        for (var i = 0; i < 40; i++)
        {
            var parts = Enumerable.Range(0, random.Next(1, 10))
                .Select(n => new ZipPart($"{(random.Next(2) == 0 ? "d/" : "")}{n % 5}", OddTars.Content(random.Next(5000), random.Next()))
            {
                Method = random.Next(2) * 8,
                IsLarge = random.Next(4) == 0,
                Host = random.Next(3) == 0 ? 0 : 3,
                Mode = 0x8000u + (uint)random.Next(512),
                Flags = random.Next(2) * 0x800,
            }).ToArray();
            yield return new($"random {i}", "zip", ZipWriting.Zip(parts, isLarge: random.Next(4) == 0), Outcome.Same);
        }
    }

    private static ZipPart File(string name, string text) => new(name, Encoding.Latin1.GetBytes(text));

    private static OddArchive Zip(string name, params ZipPart[] parts) => new(name, "zip", ZipWriting.Zip(parts), Outcome.Same);

    private static OddArchive Zip(string name, ZipPart[] parts, Outcome outcome) => new(name, "zip", ZipWriting.Zip(parts), outcome);
}
