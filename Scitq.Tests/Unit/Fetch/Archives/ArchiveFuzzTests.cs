using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Fetch.Local;

namespace Scitq.Tests.Unit.Fetch.Archives;

/// <summary>Archives with a few bytes changed, the same at each run.</summary>
[Trait("Level", "Unit")]
public sealed class ArchiveFuzzTests : IDisposable
{
    private const int Cases = 3000, Seed = 20261129;
    private readonly string _root = Directory.CreateTempSubdirectory("scitq-fuzz-").FullName;
    private readonly Fetcher _fetcher = new(new FetchOptions { Unpack = new UnpackLimits { Entries = 1000, FreeBytes = 16 << 20 } });

    public void Dispose()
    {
        _fetcher.Dispose();
        TreeRemoval.Remove(_root);
    }

    [Fact(Timeout = 900_000)]
    public async Task A_damaged_archive_is_unpacked_or_refused_and_then_leaves_nothing_and_nothing_is_ever_outside()
    {
        var random = new Random(Seed);
        OddArchive[] seeds = [.. OddTars.All(), .. OddZips.All()];
        var place = Path.Combine(_root, "within", "place");
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var refused = 0;
        for (var i = 0; i < Cases; i++)
        {
            var seed = seeds[random.Next(seeds.Length)];
            var bytes = Mutated(seed, random);
            var file = Path.Combine(_root, $"x.{seed.Extension}");
            await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
            Directory.CreateDirectory(place);
            try
            {
                await _fetcher.GetAsync(DataUri.Parse($"file://{file}|{seed.Action}"), place, ct: TestContext.Current.CancellationToken);
            }
            catch (IntegrityException)
            {
                refused++;
                Assert.Empty(LocalFiles.NamesIn(place));
            }
            catch (Exception e)
            {
                Assert.Fail($"Case {i}, made of '{seed}': {e}");
            }

            Assert.Equal(["place"], LocalFiles.NamesIn(Path.Combine(_root, "within")));
            Assert.Equal(["within", Path.GetFileName(file)], LocalFiles.NamesIn(_root).Order(StringComparer.Ordinal));
            TreeRemoval.Remove(place);
            File.Delete(file);
        }

        Assert.InRange(refused, Cases / 10, Cases - (Cases / 10));
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 64 << 20);
        Assert.False(Path.Exists("/tmp/scitq-odd"));
    }

    private static byte[] Mutated(OddArchive seed, Random random)
    {
        const int Block = 512;
        var bytes = seed.Bytes.ToList();
        for (var changes = random.Next(1, 5); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            // What matters in a tar is mostly in its first blocks, in a zip in its last bytes.
            if (random.Next(2) == 0) at = seed.Extension == "zip" ? Math.Max(0, bytes.Count - 1 - random.Next(300)) : Math.Min(at, random.Next(4 * Block));
            switch (random.Next(8))
            {
                case 0:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 1:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 2 * Block), bytes.Count - at)));
                    break;
                case 3 when bytes.Count >= 2 * Block:
                    var (one, other) = (random.Next(bytes.Count / Block), random.Next(bytes.Count / Block));
                    for (var i = 0; i < Block; i++)
                        (bytes[(one * Block) + i], bytes[(other * Block) + i]) = (bytes[(other * Block) + i], bytes[(one * Block) + i]);
                    break;
                default:
                    bytes[at] = random.Next(3) switch
                        { 0 => (byte)(bytes[at] ^ (1 << random.Next(8))), 1 => (byte)random.Next(256), _ => (byte)"0/\xff\0.7"[random.Next(6)] };
                    break;
            }
        }

        byte[] mutated = [.. bytes];
        // Else the checksum would be all that is ever tested.
        if (seed.Extension == "tar" && random.Next(4) != 0)
            for (var at = 0; at + Block <= mutated.Length; at += Block)
            {
                var block = mutated.AsSpan(at, Block);
                if (block[156] == 0 && block[257] != 'u') continue;
                block.Slice(148, 8).Fill((byte)' ');
                var sum = 0;
                foreach (var b in block) sum += b;
                TarWriting.Put(mutated, at + 148, 8, Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ");
            }

        return mutated;
    }
}
