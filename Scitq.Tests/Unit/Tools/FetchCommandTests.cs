namespace Scitq.Tests.Unit.Tools;

[Trait("Level", "Unit")]
public sealed class FetchCommandTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("scitq-cli-").FullName;

    public FetchCommandTests()
    {
        Directory.CreateDirectory(At("d/rep"));
        File.WriteAllText(At("d/rep/file1.data"), "hello");
        File.WriteAllText(At("d/b.txt"), "x");
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact(Timeout = 60_000)]
    public async Task Sync_copies_once_and_always_says_what_it_did()
    {
        var first = await Fetch("sync", At("d"), At("e"));
        Assert.Equal(0, first.Code);
        Assert.StartsWith("copied 2 files, 6 B in ", first.Error, StringComparison.Ordinal);
        var second = await Fetch("sync", At("d"), At("e"));
        Assert.StartsWith("copied 0 files", second.Error, StringComparison.Ordinal);
        Assert.EndsWith("; skipped 2\n", second.Error, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_dry_run_changes_nothing()
    {
        Assert.Equal("rep/file1.data\n", (await Fetch("sync", "--dry-run", "--include", "*.data", At("d"), At("e"))).Out);
        Assert.False(Directory.Exists(At("e")));
        var deletion = await Fetch("delete", "--dryrun", $"file://{At("d")}");
        Assert.Equal("would delete 2 files\n", deletion.Error);
        Assert.True(File.Exists(At("d/b.txt")));
        Directory.CreateDirectory(At("e"));
        await File.WriteAllTextAsync(At("e/extra"), "");
        Assert.Equal("b.txt\nrep/file1.data\ndeleting extra\n", (await Fetch("sync", "--dry-run", "--delete", At("d"), At("e"))).Out);
        Assert.Equal(["extra"], Directory.EnumerateFiles(At("e")).Select(Path.GetFileName));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_copied_goes_into_a_directory_that_is_there_by_path_or_URI()
    {
        Directory.CreateDirectory(At("e"));
        foreach (var to in (string[])[At("e"), $"file://{At("e")}"])
        {
            Assert.Equal(0, (await Fetch("copy", At("d/b.txt"), to)).Code);
            Assert.True(File.Exists(At("e/b.txt")));
            File.Delete(At("e/b.txt"));
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task Quiet_says_only_what_failed_and_json_holds_the_error_too()
    {
        Assert.Equal("", (await Fetch("copy", "-q", At("d/b.txt"), At("f"))).Error);
        var error = await Fetch("list", "--json", At("none"));
        Assert.Equal(3, error.Code);
        Assert.Equal("", error.Error);
        Assert.StartsWith("{\"error\":{\"code\":\"not_found\",\"message\":\"file://", error.Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Listings_have_a_header_and_whole_or_relative_names()
    {
        var list = (await Fetch("list", $"file://{At("d")}")).Out.Split('\n');
        Assert.Equal("name\tcreation_date\tmodification_date\tsize", list[0]);
        Assert.Contains(list, l => l.StartsWith($"file://{At("d/rep/file1.data")}\t", StringComparison.Ordinal) && l.EndsWith("\t5", StringComparison.Ordinal));
        var level = (await Fetch("nrlist", At("d"))).Out.Split('\n');
        Assert.Contains(level, l => l.StartsWith("rep/\t", StringComparison.Ordinal));
        Assert.DoesNotContain(level, l => l.Contains("file1", StringComparison.Ordinal));
        foreach (var format in (string[])["tsv", "csv", "table"])
            Assert.StartsWith("b.txt", (await Fetch("rlist", "-H", "--format", format, At("d"), "--include", "b*")).Out, StringComparison.Ordinal);
        Assert.StartsWith("[{\"rel_name\":\"b.txt\"", (await Fetch("rlist", "--format", "json", At("d"), "--include", "b*")).Out, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task An_action_after_a_bar_is_done()
    {
        var result = await Fetch("copy", $"file://{At("d/b.txt")}|mv:sub", At("out"));
        Assert.Equal(0, result.Code);
        Assert.Equal("x", await File.ReadAllTextAsync(At("out/sub/b.txt")));
    }

    [Fact(Timeout = 60_000)]
    public async Task What_a_link_that_is_named_stands_for_is_copied()
    {
        File.CreateSymbolicLink(At("link"), At("d/b.txt"));
        Assert.Equal(0, (await Fetch("copy", At("link"), At("copy"))).Code);
        Assert.Null(new FileInfo(At("copy")).LinkTarget);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(3, "copy", "/nope/x", "s3://bucket/x")]
    [InlineData(3, "sync", "/nope", "/tmp/x")]
    [InlineData(3, "copy", "file:///nope")]
    [InlineData(2, "copy", "S3://bucket/x")]
    [InlineData(2, "copy")]
    [InlineData(2, "frobnicate")]
    [InlineData(1, "delete", "https://localhost/x")]
    [InlineData(1, "copy", "/etc/hostname", "https://localhost/x")]
    [InlineData(2, "list", "-p", "0", "/tmp")]
    [InlineData(2, "list", "")]
    [InlineData(2, "copy", "/etc/hostname", "")]
    [InlineData(2, "du", "file:///etc/hostname|untar")]
    [InlineData(2, "copy", "file:///etc/hostname|gunzip", "/tmp/nowhere-near")]
    public async Task Failures_are_one_line_and_a_code(int code, params string[] args)
    {
        var result = await Fetch(args);
        Assert.Equal(code, result.Code);
        Assert.StartsWith("scitq-fetch: ", result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Out);
    }

    [Fact(Timeout = 60_000)]
    public async Task Du_sums_up_each_folder_and_all() => Assert.Equal("5\t1\trep/\n6\t2\t.\n", (await Fetch("du", At("d"))).Out);

    [Theory]
    [InlineData(0, "0 B/s")]
    [InlineData(812.4, "812 B/s")]
    [InlineData(4_000, "4.0 kB/s")]
    [InlineData(999_940, "999.9 kB/s")]
    [InlineData(999_960, "1.0 MB/s")]
    [InlineData(42_500_000, "42.5 MB/s")]
    [InlineData(1_230_000_000, "1.2 GB/s")]
    public void Rates_have_the_unit_that_fits(double rate, string shown) => Assert.Equal(shown, Scitq.Tools.Fetch.ProgressLine.Rate(rate));

    private static Task<ToolRun> Fetch(params string[] args) => ToolRun.RunAsync("scitq-fetch", args);

    private string At(string relative) => Path.Combine(_root, relative);
}
