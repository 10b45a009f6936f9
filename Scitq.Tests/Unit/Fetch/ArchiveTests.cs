using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Scitq.Contracts;
using Scitq.Fetch;

namespace Scitq.Tests.Unit.Fetch;

[Trait("Level", "Unit")]
public sealed class ArchiveTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("scitq-unpack-").FullName;
    private readonly Fetcher _fetcher = new(new FetchOptions { Unpack = new UnpackLimits { Entries = 100, FreeBytes = 1 << 20, Ratio = 20 } });

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _fetcher.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact(Timeout = 30_000)]
    public async Task Gunzip_leaves_only_the_content()
    {
        await using (var gzip = new GZipStream(File.Create(At("x.txt.gz")), CompressionMode.Compress))
            gzip.Write("hello"u8);
        await GetAsync("x.txt.gz", "gunzip");
        Assert.Equal(["x.txt"], Tree());
        Assert.Equal("hello", await File.ReadAllTextAsync(At("out/x.txt"), Ct));
    }

    [Fact(Timeout = 30_000)]
    public async Task Gunzip_reads_every_member_and_refuses_a_truncated_one()
    {
        using (var two = new MemoryStream())
        {
            foreach (var text in (string[])["one", "two"])
            {
                using var gzip = new GZipStream(two, CompressionMode.Compress, leaveOpen: true);
                gzip.Write(Encoding.UTF8.GetBytes(text));
            }

            await File.WriteAllBytesAsync(At("x.gz"), two.ToArray(), Ct);
            await File.WriteAllBytesAsync(At("cut.gz"), two.ToArray()[..^6], Ct);
        }

        await GetAsync("x.gz", "gunzip");
        Assert.Equal("onetwo", await File.ReadAllTextAsync(At("out/x"), Ct));
        await Assert.ThrowsAsync<IntegrityException>(() => GetAsync("cut.gz", "gunzip"));
        await File.WriteAllTextAsync(At("no.gz"), "not gzip at all", Ct);
        await Assert.ThrowsAsync<IntegrityException>(() => GetAsync("no.gz", "gunzip"));
        Assert.Equal(["x"], Tree());
    }

    [Theory(Timeout = 30_000)]
    [InlineData("db.tar", "-cf")]
    [InlineData("db.tar.gz", "-czf")]
    [InlineData("db.tar.bz2", "-cjf")]
    [InlineData("db.tar.xz", "-cJf")]
    public async Task Untar_takes_what_tar_makes(string name, string flags)
    {
        Directory.CreateDirectory(At("db/sub"));
        await File.WriteAllTextAsync(At("db/sub/a"), "a", Ct);
        File.SetUnixFileMode(At("db/sub/a"), (UnixFileMode)0b100_111_101_101);
        File.CreateSymbolicLink(At("db/b"), "sub/a");
        File.CreateSymbolicLink(At("db/sub/up"), "../sub/a");
        await File.WriteAllTextAsync(At("db/" + new string('n', 200)), "long", Ct);
        using (var tar = System.Diagnostics.Process.Start("tar", [flags, At(name), "-C", At("db"), "."]))
            await tar.WaitForExitAsync(Ct);
        await GetAsync(name, "untar");
        Assert.Equal(["b", new string('n', 200), "sub/a", "sub/up"], Tree());
        Assert.Equal("a", await File.ReadAllTextAsync(At("out/sub/up"), Ct));
        Assert.Equal((UnixFileMode)0b111_101_101, File.GetUnixFileMode(At("out/sub/a")));
    }

    [Fact(Timeout = 30_000)]
    public async Task Unpacked_files_replace_those_of_the_same_name_and_leave_the_others()
    {
        Directory.CreateDirectory(At("out/d"));
        await File.WriteAllTextAsync(At("out/d/mine"), "mine", Ct);
        await File.WriteAllTextAsync(At("out/d/x"), "old", Ct);
        await TarAsync("t.tar", w => w.WriteEntry(File_("d/x", "new")));
        await GetAsync("t.tar", "untar");
        Assert.Equal(["d/mine", "d/x"], Tree());
        Assert.Equal("new", await File.ReadAllTextAsync(At("out/d/x"), Ct));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_directory_with_something_in_it_makes_no_room_for_a_file_and_then_nothing_is_unpacked()
    {
        Directory.CreateDirectory(At("out/results"));
        await File.WriteAllTextAsync(At("out/results/mine"), "mine", Ct);
        await TarAsync("t.tar", w => { w.WriteEntry(File_("a", "new")); w.WriteEntry(File_("results", "new")); });
        await Assert.ThrowsAsync<BadUriException>(() => GetAsync("t.tar", "untar"));
        Assert.Equal(["results/mine"], Tree());
        File.Delete(At("out/results/mine"));
        await GetAsync("t.tar", "untar");
        Assert.Equal(["a", "results"], Tree());
    }

    public static TheoryData<string, Action<TarWriter>> HostileTars() => new()
    {
        { "dot dot", w => w.WriteEntry(File_("../evil", "x")) },
        { "dot dot inside", w => w.WriteEntry(File_("a/../../evil", "x")) },
        { "absolute", w => w.WriteEntry(File_("/tmp/scitq-evil", "x")) },
        { "absolute link", w => w.WriteEntry(Link("l", "/etc")) },
        { "link out", w => w.WriteEntry(Link("d/l", "../../etc")) },
        { "write through a link", w => { w.WriteEntry(Link("l", ".")); w.WriteEntry(File_("l/evil", "x")); } },
        { "link through a link", w =>
            { w.WriteEntry(File_("top/x", "x")); w.WriteEntry(Link("a/b/l", "../../top")); w.WriteEntry(Link("a/b/m", "l/../../..")); } },
        { "hard link to the host", w => w.WriteEntry(new PaxTarEntry(TarEntryType.HardLink, "h") { LinkName = "/etc/passwd" }) },
        { "hard link out", w => w.WriteEntry(new PaxTarEntry(TarEntryType.HardLink, "h") { LinkName = "../../etc/passwd" }) },
        { "hard link through a link", w =>
            { w.WriteEntry(Link("l", ".")); w.WriteEntry(File_("x", "x")); w.WriteEntry(new PaxTarEntry(TarEntryType.HardLink, "h") { LinkName = "l/x" }); } },
        { "too many entries", w => { for (var i = 0; i < 101; i++) w.WriteEntry(File_($"f{i}", "")); } },
        { "too many bytes", w => w.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "big") { DataStream = new MemoryStream(new byte[30 << 20]) }) },
    };

    [Theory(Timeout = 30_000)]
    [MemberData(nameof(HostileTars))]
    public async Task A_hostile_tar_is_refused_and_leaves_nothing(string what, Action<TarWriter> write)
    {
        Assert.NotEmpty(what);
        await TarAsync("evil.tar", write);
        await using (var packed = File.OpenRead(At("evil.tar")))
        await using (var gzip = new GZipStream(File.Create(At("evil.tgz")), CompressionLevel.Optimal))
            await packed.CopyToAsync(gzip, Ct);
        await Assert.ThrowsAsync<IntegrityException>(() => GetAsync("evil.tgz", "untar"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(At("out")));
        Assert.False(File.Exists("/tmp/scitq-evil"));
        Assert.False(File.Exists(At("evil")));
    }

    [Fact(Timeout = 30_000)]
    public async Task Devices_and_fifos_are_left_out_with_a_warning_and_setuid_is_dropped()
    {
        await TarAsync("t.tar", w =>
        {
            w.WriteEntry(new PaxTarEntry(TarEntryType.Fifo, "fifo"));
            w.WriteEntry(new PaxTarEntry(TarEntryType.CharacterDevice, "null") { DeviceMajor = 1, DeviceMinor = 3 });
            var file = File_("tool", "x");
            file.Mode = (UnixFileMode)0b110_111_101_101;
            w.WriteEntry(file);
        });
        var result = await GetAsync("t.tar", "untar");
        Assert.Equal(["tool"], Tree());
        Assert.Equal(2, result.Warnings.Count);
        Assert.Equal((UnixFileMode)0b111_101_101, File.GetUnixFileMode(At("out/tool")));
    }

    [Fact(Timeout = 30_000)]
    public async Task Unzip_leaves_only_the_content_and_checks_it()
    {
        await ZipAsync("z.zip", ("d/a.txt", "one"), ("b", "two"));
        await GetAsync("z.zip", "unzip");
        Assert.Equal(["b", "d/a.txt"], Tree());
        var bytes = await File.ReadAllBytesAsync(At("z.zip"), Ct);
        bytes[bytes.AsSpan().IndexOf("two"u8)] ^= 1;
        await File.WriteAllBytesAsync(At("bad.zip"), bytes, Ct);
        await Assert.ThrowsAsync<IntegrityException>(() => GetAsync("bad.zip", "unzip"));
        Assert.Equal(["b", "d/a.txt"], Tree());
    }

    [Theory(Timeout = 30_000)]
    [InlineData("../evil")]
    [InlineData("/tmp/scitq-evil")]
    public async Task A_hostile_zip_is_refused_and_leaves_nothing(string name)
    {
        await ZipAsync("z.zip", ("fine", "x"), (name, "x"));
        await Assert.ThrowsAsync<IntegrityException>(() => GetAsync("z.zip", "unzip"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(At("out")));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_gzip_bomb_stops_at_the_limit()
    {
        await using (var gzip = new GZipStream(File.Create(At("bomb.gz")), CompressionLevel.Optimal))
            gzip.Write(new byte[50 << 20]);
        await Assert.ThrowsAsync<IntegrityException>(() => GetAsync("bomb.gz", "gunzip"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(At("out")));
    }

    [Fact(Timeout = 30_000)]
    public async Task What_a_killed_run_left_is_taken_up_and_cleared()
    {
        await TarAsync("t.tar", w => w.WriteEntry(File_("d/x", "new")));
        var packed = Path.ChangeExtension(Scitq.Fetch.Transfers.PartFile.NameFor(At("out/t.tar"), "packed"), ".packed");
        Directory.CreateDirectory(Path.ChangeExtension(packed, ".tree") + "/half");
        File.Copy(At("t.tar"), packed);
        await GetAsync("t.tar", "untar");
        Assert.Equal(["d/x"], Tree());
        Assert.Equal(["d"], Directory.EnumerateFileSystemEntries(At("out")).Select(Path.GetFileName));
    }

    private async Task<TransferResult> GetAsync(string name, string action) =>
        await _fetcher.GetAsync(DataUri.Parse($"file://{At(name)}|{action}"), At("out"), ct: Ct);

    private async Task TarAsync(string name, Action<TarWriter> write)
    {
        await using var writer = new TarWriter(File.Create(At(name)));
        write(writer);
    }

    private async Task ZipAsync(string name, params (string Name, string Text)[] entries)
    {
        await using var zip = new ZipArchive(File.Create(At(name)), ZipArchiveMode.Create);
        foreach (var (entry, text) in entries)
        {
            await using var stream = zip.CreateEntry(entry, CompressionLevel.NoCompression).Open();
            await stream.WriteAsync(Encoding.UTF8.GetBytes(text), Ct);
        }
    }

    private static PaxTarEntry File_(string name, string text) =>
        new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) };

    private static PaxTarEntry Link(string name, string target) => new(TarEntryType.SymbolicLink, name) { LinkName = target };

    private string At(string relative) => Path.Combine(_root, relative);

    private string[] Tree() =>
        [.. Directory.EnumerateFiles(At("out"), "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(At("out"), f))
            .Order(StringComparer.Ordinal)];
}
