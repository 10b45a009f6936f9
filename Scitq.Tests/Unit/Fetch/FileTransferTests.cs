using System.Diagnostics;
using System.Text;
using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Fetch.Local;

namespace Scitq.Tests.Unit.Fetch;

[Trait("Level", "Unit")]
public sealed class FileTransferTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("scitq-fetch-").FullName;
    private readonly Fetcher _fetcher = new(new FetchOptions { Attempts = 2, BackOff = TimeSpan.FromMilliseconds(1) });

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _fetcher.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_file_is_fetched_under_its_own_name_and_nothing_else_is_left()
    {
        var source = Write("in/x.txt", "hello");
        var result = await _fetcher.GetAsync(DataUri.ForFile(source), At("out"), ct: Ct);
        Assert.Equal(new TransferredFile("x.txt", 5, "5d41402abc4b2a76b9719d911017c592"), Assert.Single(result.Files));
        Assert.Equal(["x.txt"], Tree("out"));
        Assert.Equal(File.GetLastWriteTimeUtc(source), File.GetLastWriteTimeUtc(At("out/x.txt")));
    }

    [Theory(Timeout = 30_000)]
    [InlineData("/")]
    [InlineData("")]
    public async Task A_folder_is_fetched_with_its_tree_with_or_without_a_final_slash(string slash)
    {
        Write("in/d/a b.txt", "1");
        Write("in/d/.hidden", "2");
        Write("in/d/sub/é+%20#?|.txt", "3");
        Write("in/d2/other", "4");
        var result = await _fetcher.GetAsync(DataUri.Parse("file://" + At("in/d") + slash), At("out"), ct: Ct);
        Assert.Equal([".hidden", "a b.txt", "sub/é+%20#?|.txt"], result.Files.Select(f => f.Name));
        Assert.Equal([".hidden", "a b.txt", "sub/é+%20#?|.txt"], Tree("out"));
    }

    [Fact(Timeout = 60_000)]
    public async Task Files_whose_paths_are_longer_than_the_kernel_takes_at_once_are_uploaded_and_listed()
    {
        // As a shell makes them, one directory after the other.
        var script = $"cd '{At("")}' && mkdir deep && cd deep && n=$(printf '%0200d' 0) && for i in $(seq 26); do mkdir $n && cd $n && echo $i >f || exit 1; "
            + $"done";
        using (var shell = Process.Start("/bin/bash", ["-c", script])) await shell.WaitForExitAsync(Ct);
        var result = await _fetcher.PutAsync(At("deep"), DataUri.Parse($"file://{At("copy")}/"), ct: Ct);
        Assert.Equal(26, result.Files.Count);
        Assert.Empty(result.Warnings);
        var listed = await _fetcher.ListAsync(DataUri.Parse($"file://{At("copy")}/"), ct: Ct).ToListAsync(Ct);
        Assert.Equal(result.Files.Select(f => (f.Name, (long?)f.Size)).Order(), listed.Select(e => (e.Name, e.Size)).Order());
        using var rm = Process.Start("/bin/rm", ["-rf", At("deep"), At("copy")]);
        await rm.WaitForExitAsync(Ct);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("755", "755")]
    [InlineData("600", "600")]
    [InlineData("444", "444")]
    [InlineData("6751", "751")]
    [InlineData("1666", "666")]
    public async Task The_mode_of_a_file_is_kept_both_ways_without_its_special_bits(string mode, string kept)
    {
        var source = Write("in/x", "#!/bin/sh");
        // What is replaced says nothing about it.
        Write("out/x", "old");
        Write("up/x", "old");
        File.SetUnixFileMode(source, (UnixFileMode)Convert.ToInt32(mode, 8));
        await _fetcher.GetAsync(DataUri.ForFile(source), At("out"), ct: Ct);
        await _fetcher.PutAsync(At("in"), DataUri.Parse($"file://{At("up")}/"), ct: Ct);
        await _fetcher.CopyAsync(DataUri.ForFile(source), DataUri.Parse($"file://{At("copied")}/"), ct: Ct);
        Assert.All((string[])["out/x", "up/x", "copied/x"], file => Assert.Equal((UnixFileMode)Convert.ToInt32(kept, 8), File.GetUnixFileMode(At(file))));
    }

    [Fact(Timeout = 30_000)]
    public async Task What_is_made_at_a_file_uri_is_as_open_as_the_umask_given_says_whatever_the_processs_is()
    {
        using var open = new Fetcher(new FetchOptions { Umask = 0 });
        await open.PutAsync(Write("in/x", "1"), DataUri.Parse($"file://{At("new/deep")}/"), ct: Ct);
        Assert.Equal(0b111_111_111, (int)File.GetUnixFileMode(At("new")));
        Assert.Equal(0b111_111_111, (int)File.GetUnixFileMode(At("new/deep")));
        Assert.True(File.Exists(At("new/deep/x")));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_link_that_waits_under_the_name_of_a_part_is_not_written_through()
    {
        var victim = Write("victim", "mine");
        Directory.CreateDirectory(At("out"));
        File.CreateSymbolicLink(Scitq.Fetch.Transfers.PartFile.NameFor(At("out/x"), "id"), victim);
        using var body = new MemoryStream("new"u8.ToArray());
        await new Scitq.Fetch.Transports.FileTransport(new FetchOptions())
            .PutAsync(DataUri.ForFile(At("out/x")), new Scitq.Fetch.Transports.PutContent(body, 3, null, "id", () => []), Ct);
        Assert.Equal(("mine", "new"), (await File.ReadAllTextAsync(victim, Ct), await File.ReadAllTextAsync(At("out/x"), Ct)));
    }

    [Fact(Timeout = 30_000)]
    public async Task What_was_opened_elsewhere_because_of_a_link_put_in_meanwhile_is_refused()
    {
        var outside = Write("outside", "secret");
        Directory.CreateDirectory(At("root"));
        File.CreateSymbolicLink(At("root/link"), outside);
        await using var file = File.OpenRead(At("root/link"));
        Assert.Throws<AccessDeniedException>(() => new FileRoots([At("root")]).CheckOpened(file, DataUri.ForFile(At("root/link"))));
        Assert.False(file.CanRead);
        await using var inside = File.OpenRead(Write("root/inside", "1"));
        new FileRoots([At("root")]).CheckOpened(inside, DataUri.ForFile(At("root/inside")));
    }

    [Fact(Timeout = 30_000)]
    public async Task What_is_not_there_is_not_found_and_not_tried_again()
    {
        var error = await Assert.ThrowsAsync<DataNotFoundException>(() => _fetcher.GetAsync(DataUri.Parse("file:///nope/x"), At("out"), ct: Ct));
        Assert.Contains("file:///nope/x", error.Message, StringComparison.Ordinal);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("mv:sub")]
    [InlineData("mv:./sub/")]
    public async Task Mv_puts_a_file_into_a_sub_folder(string action)
    {
        var source = Write("in/x.txt", "hello");
        await _fetcher.GetAsync(DataUri.Parse($"file://{source}|{action}"), At("out"), ct: Ct);
        Assert.Equal(["sub/x.txt"], Tree("out"));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_part_of_the_same_version_is_continued_and_one_of_another_is_removed()
    {
        var source = Write("in/x.txt", "hello world");
        var uri = DataUri.ForFile(source);
        var entry = (await _fetcher.InfoAsync(uri, Ct))!;
        var part = Scitq.Fetch.Transfers.Download.PartOf(entry, At("out/x.txt"));
        // Other bytes than the source's, so that it shows that they were not fetched again; no MD5 is known for files.
        Write(Path.GetRelativePath(_root, part), "HELLO");
        Write("out/.x.txt.01234567.part", "old");
        Write("out/.x.txt.01234567.89abcdef.part", "of another file");
        await _fetcher.GetAsync(uri, At("out"), ct: Ct);
        Assert.Equal("HELLO world", await File.ReadAllTextAsync(At("out/x.txt"), Ct));
        Assert.Equal([".x.txt.01234567.89abcdef.part", "x.txt"], Tree("out"));
    }

    [Fact(Timeout = 30_000)]
    public async Task An_upload_keeps_odd_names_and_leaves_out_what_is_no_file_with_a_warning_each()
    {
        Write("o/a b.txt", "1");
        Write("o/.hidden", "2");
        Write("o/é", "");
        Write("o/sub/line\nbreak", "4");
        Directory.CreateDirectory(At("o/empty"));
        File.CreateSymbolicLink(At("o/link"), "/etc/passwd");
        Directory.CreateSymbolicLink(At("o/loop"), At("o"));
        await RunAsync("mkfifo", At("o/fifo"));
        var result = await _fetcher.PutAsync(At("o"), DataUri.Parse($"file://{At("stored")}"), ct: Ct);
        Assert.Equal([".hidden", "a b.txt", "sub/line\nbreak", "é"], result.Files.Select(f => f.Name));
        Assert.Equal([".hidden", "a b.txt", "sub/line\nbreak", "é"], Tree("stored"));
        Assert.Equal(4, result.Warnings.Count);
        Assert.Equal("c4ca4238a0b923820dcc509a6f75849b", result.Files[1].Md5);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_file_name_that_is_not_utf8_is_refused_by_name()
    {
        Directory.CreateDirectory(At("o"));
        await RunAsync("sh", "-c", $"touch \"$(printf '{At("o")}/bad\\377name')\"");
        var error = await Assert.ThrowsAsync<UnsupportedTransferException>(() => _fetcher.PutAsync(At("o"), DataUri.ForFile(At("stored")), ct: Ct));
        Assert.Contains("bad?name", error.Message, StringComparison.Ordinal);
        await RunAsync("rm", "-r", At("o"));
    }

    [Fact(Timeout = 30_000)]
    public async Task One_file_goes_to_the_exact_name_or_into_the_folder_that_ends_with_a_slash()
    {
        var source = Write("in/x.txt", "hello");
        Assert.Equal("res", Assert.Single((await _fetcher.PutAsync(source, DataUri.Parse($"file://{At("s/res")}"), ct: Ct)).Files).Name);
        Assert.Equal("x.txt", Assert.Single((await _fetcher.PutAsync(source, DataUri.Parse($"file://{At("s/d")}/"), ct: Ct)).Files).Name);
        Assert.Equal(["d/x.txt", "res"], Tree("s"));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_second_sync_moves_nothing_and_a_sync_deletes_only_when_asked()
    {
        Write("a/x", "1");
        Write("a/sub/y", "2");
        Write("b/extra", "3");
        var (a, b) = (DataUri.ForFile(At("a")), DataUri.ForFile(At("b")));
        Assert.Equal(2, (await _fetcher.SyncAsync(a, b, ct: Ct)).Files.Count);
        var second = await _fetcher.SyncAsync(a, b, ct: Ct);
        Assert.Empty(second.Files);
        Assert.Equal(2, second.Skipped);
        File.WriteAllText(At("a/x"), "9");
        File.SetLastWriteTimeUtc(At("a/x"), File.GetLastWriteTimeUtc(At("b/x")).AddSeconds(5));
        Assert.Equal("x", Assert.Single((await _fetcher.SyncAsync(a, b, ct: Ct)).Files).Name);
        Assert.Equal(["extra", "sub/y", "x"], Tree("b"));
        Assert.Equal(1, (await _fetcher.SyncAsync(a, b, new SyncOptions { Delete = true, DryRun = true }, ct: Ct)).Deleted);
        Assert.Equal(["extra", "sub/y", "x"], Tree("b"));
        await _fetcher.SyncAsync(a, b, new SyncOptions { Delete = true }, ct: Ct);
        Assert.Equal(["sub/y", "x"], Tree("b"));
    }

    [Fact(Timeout = 30_000)]
    public async Task Delete_takes_a_folder_and_not_its_namesakes_and_a_dry_run_deletes_nothing()
    {
        Write("d/x", "1");
        Write("d/y.tmp", "1");
        Write("d2/x", "1");
        Assert.Equal(2, await _fetcher.DeleteAsync(DataUri.ForFile(At("d")), dryRun: true, ct: Ct));
        Assert.Equal(2, Tree("d").Length);
        Assert.Equal(1, await _fetcher.DeleteAsync(DataUri.ForFile(At("d")), new NameFilter(["*.tmp"]), ct: Ct));
        Assert.Equal(1, await _fetcher.DeleteAsync(DataUri.ForFile(At("d")), ct: Ct));
        Assert.Equal(["x"], Tree("d2"));
        await Assert.ThrowsAsync<DataNotFoundException>(() => _fetcher.DeleteAsync(DataUri.ForFile(At("none")), ct: Ct));
    }

    [Theory(Timeout = 30_000)]
    [InlineData("kept")]
    [InlineData("kept/x")]
    public async Task Of_a_link_only_the_link_is_deleted(string target)
    {
        Write("kept/x", "1");
        File.CreateSymbolicLink(At("link"), At(target));
        Assert.Equal(1, await _fetcher.DeleteAsync(DataUri.ForFile(At("link")), dryRun: true, ct: Ct));
        await Assert.ThrowsAsync<BadUriException>(() => _fetcher.DeleteAsync(DataUri.ForFile(At("link") + "/"), ct: Ct));
        Assert.Equal(1, await _fetcher.DeleteAsync(DataUri.ForFile(At("link")), ct: Ct));
        Assert.Null(new FileInfo(At("link")).LinkTarget);
        Assert.Equal(["x"], Tree("kept"));
    }

    [Fact(Timeout = 30_000)]
    public async Task What_would_be_copied_into_itself_or_would_delete_itself_is_refused()
    {
        Write("d/sub/x", "1");
        Write("d/y", "2");
        Directory.CreateSymbolicLink(At("link"), At("d"));
        var (d, sub, inLink) = (DataUri.ForFile(At("d")), DataUri.ForFile(At("d/sub")), DataUri.ForFile(At("link/new")));
        await Assert.ThrowsAsync<BadUriException>(() => _fetcher.PutAsync(At("d"), sub, ct: Ct));
        await Assert.ThrowsAsync<BadUriException>(() => _fetcher.PutAsync(At("d"), inLink, ct: Ct));
        await Assert.ThrowsAsync<BadUriException>(() => _fetcher.GetAsync(d, At("d/sub"), ct: Ct));
        await Assert.ThrowsAsync<BadUriException>(() => _fetcher.CopyAsync(d, sub, ct: Ct));
        await Assert.ThrowsAsync<BadUriException>(() => _fetcher.SyncAsync(d, sub, ct: Ct));
        await Assert.ThrowsAsync<BadUriException>(() => _fetcher.SyncAsync(sub, d, new SyncOptions { Delete = true }, ct: Ct));
        Assert.Equal(["sub/x", "y"], Tree("d"));
        await _fetcher.SyncAsync(sub, d, ct: Ct);
        Assert.Equal(["sub/x", "x", "y"], Tree("d"));
    }

    [Fact(Timeout = 30_000)]
    public async Task Links_are_left_out_with_a_warning_whichever_way_a_folder_goes()
    {
        Write("d/x", "1");
        File.CreateSymbolicLink(At("d/link"), "x");
        var d = DataUri.ForFile(At("d"));
        foreach (var result in new[]
            { await _fetcher.GetAsync(d, At("a"), ct: Ct), await _fetcher.CopyAsync(d, DataUri.ForFile(At("b")), ct: Ct),
            await _fetcher.SyncAsync(d, DataUri.ForFile(At("c")), ct: Ct) })
        {
            Assert.Equal("x", Assert.Single(result.Files).Name);
            Assert.Equal("'link' was left out: it is a symbolic link.", Assert.Single(result.Warnings));
        }
    }

    [Fact(Timeout = 30_000)]
    public async Task A_file_where_a_directory_is_needed_or_the_other_way_round_is_named_and_nothing_is_left()
    {
        var x = DataUri.ForFile(Write("in/x", "1"));
        Write("file", "2");
        Directory.CreateDirectory(At("out/x"));
        Assert.Contains(At("file"), (await Assert.ThrowsAsync<BadUriException>(() => _fetcher.GetAsync(x, At("file"), ct: Ct))).Message,
            StringComparison.Ordinal);
        Assert.Contains(At("out/x"), (await Assert.ThrowsAsync<BadUriException>(() => _fetcher.GetAsync(x, At("out"), ct: Ct))).Message,
            StringComparison.Ordinal);
        Assert.Empty(Tree("out"));
        File.CreateSymbolicLink(At("loop"), At("loop"));
        await Assert.ThrowsAsync<BadUriException>(() => _fetcher.GetAsync(DataUri.ForFile(At("loop")), At("out"), ct: Ct));
    }

    [Fact(Timeout = 30_000)]
    public async Task Only_files_are_replaced_no_pipe_and_no_link_to_a_directory()
    {
        var source = Write("in/x", "1");
        Directory.CreateDirectory(At("out/d"));
        await RunAsync("mkfifo", At("out/x"));
        Directory.CreateSymbolicLink(At("out/link"), At("out/d"));
        await Assert.ThrowsAsync<BadUriException>(() => _fetcher.GetAsync(DataUri.ForFile(source), At("out"), ct: Ct));
        await Assert.ThrowsAsync<BadUriException>(() => _fetcher.PutAsync(source, DataUri.ForFile(At("out/x")), ct: Ct));
        await Assert.ThrowsAsync<BadUriException>(() => _fetcher.PutAsync(source, DataUri.ForFile(At("out/link")), ct: Ct));
        Assert.Equal(FileKind.Fifo, FileKinds.Of(At("out/x")));
        Assert.Equal(FileKind.SymbolicLink, FileKinds.Of(At("out/link")));
        Assert.Equal(["x"], Tree("out"));
    }

    [Fact(Timeout = 30_000)]
    public async Task Only_the_allowed_roots_can_be_read_and_written_also_through_links()
    {
        using var fetcher = new Fetcher(new FetchOptions { FileRoots = [At("data")] });
        Write("data/ok", "1");
        Write("secret", "2");
        File.CreateSymbolicLink(At("data/link"), At("secret"));
        Directory.CreateSymbolicLink(At("data/out"), _root);
        await fetcher.GetAsync(DataUri.ForFile(At("data/ok")), At("got"), ct: Ct);
        foreach (var path in (string[])["secret", "data/link", "data/out/secret"])
            await Assert.ThrowsAsync<AccessDeniedException>(() => fetcher.GetAsync(DataUri.ForFile(At(path)), At("got"), ct: Ct));
        await Assert.ThrowsAsync<AccessDeniedException>(() => fetcher.GetAsync(DataUri.Parse($"file://{At("data")}/../secret"), At("got"), ct: Ct));
        await Assert.ThrowsAsync<AccessDeniedException>(() => fetcher.PutAsync(At("data/ok"), DataUri.Parse($"file://{At("data/out")}/x"), ct: Ct));
        Assert.Equal(["ok"], Tree("got"));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_folder_already_replaced_by_a_link_is_not_written_through()
    {
        Write("in/d/sub/x", "1");
        Directory.CreateDirectory(At("elsewhere"));
        Directory.CreateDirectory(At("out"));
        Directory.CreateSymbolicLink(At("out/sub"), At("elsewhere"));
        await Assert.ThrowsAsync<BadUriException>(() => _fetcher.GetAsync(DataUri.Parse($"file://{At("in/d")}/"), At("out"), ct: Ct));
        Assert.Empty(Tree("elsewhere"));
    }

    [Fact(Timeout = 30_000)]
    public async Task Progress_ends_at_the_totals_and_cancellation_stops()
    {
        Write("in/a", new string('x', 3_000_000));
        Write("in/b", "1");
        var last = default(TransferProgress);
        await _fetcher.GetAsync(DataUri.Parse($"file://{At("in")}/"), At("out"), new Direct(p => last = p), Ct);
        Assert.Equal(new TransferProgress(3_000_001, 3_000_001, 2, 2), last);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _fetcher.GetAsync(DataUri.Parse($"file://{At("in")}/"), At("out2"), ct: new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Options_out_of_range_are_named()
    {
        Assert.Contains("Attempts", Assert.Throws<ArgumentException>(() => new Fetcher(new FetchOptions { Attempts = 0 })).Message, StringComparison.Ordinal);
        Assert.Contains("Ratio", Assert.Throws<ArgumentException>(() => new Fetcher(new FetchOptions { Unpack = new UnpackLimits { Ratio = 0 } })).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("*.data", "rep/x.data", true)]
    [InlineData("*.data", "x.data/y", false)]
    [InlineData("/x*", "x1", true)]
    [InlineData("/x*", "d/x1", false)]
    [InlineData("d/*.gz", "a/d/x.gz", true)]
    [InlineData("d/*.gz", "d/e/x.gz", false)]
    [InlineData("d/**.gz", "d/e/x.gz", true)]
    [InlineData("*.{fa,fq}", "s.fq", true)]
    [InlineData("s[0-9].fq", "s5.fq", true)]
    [InlineData("s[!0-9].fq", "s5.fq", false)]
    [InlineData("a+b(1)", "a+b(1)", true)]
    public void Patterns_follow_rclone(string glob, string name, bool taken) => Assert.Equal(taken, new NameFilter([glob]).Takes(name));

    private string At(string relative) => Path.Combine(_root, relative);

    private string Write(string relative, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(relative))!);
        File.WriteAllText(At(relative), text, new UTF8Encoding(false));
        return At(relative);
    }

    private string[] Tree(string relative) =>
        [.. Directory.EnumerateFiles(At(relative), "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(At(relative), f))
            .Order(StringComparer.Ordinal)];

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync(Ct);
        Assert.Equal(0, process.ExitCode);
    }

    private sealed class Direct(Action<TransferProgress> report) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => report(value);
    }
}
