using System.Diagnostics;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Fetch;

/// <summary>scitq-fetch as its users run it, on S3 and on Azure, by the names of the acceptance list.</summary>
[Trait("Level", "EndToEnd")]
public abstract class FetchAcceptanceTests(string scheme) : IAsyncLifetime
{
    private readonly string _root = Directory.CreateTempSubdirectory("scitq-accept-").FullName;
    private CloudStore _store = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _store = await CloudStore.CreateAsync(scheme);
        foreach (var (name, text) in ((string, string)[])[
            ("a.txt", "a"), ("d/b.txt", "bb"), ("d/rep/file1.data", "data"), ("d/rep/x.tmp", "tmp"), ("d2/c.txt", "c")])
            Write(name, text);
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null) await _store.DisposeAsync();
        Directory.Delete(_root, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact(Timeout = 120_000)]
    public async Task F1_F3_A_file_goes_into_the_folder_and_comes_back_to_the_current_directory()
    {
        await DoneAsync("copy", "a.txt", $"{_store.Root}/d/");
        Directory.CreateDirectory(At("home"));
        var (code, _, error) = await RunAsync(At("home"), "copy", $"{_store.Root}/d/a.txt");
        Assert.True(code == 0, error);
        Assert.StartsWith("copied 1 file, 1 B in ", error, StringComparison.Ordinal);
        Assert.Equal("a", await File.ReadAllTextAsync(At("home/a.txt"), Ct));
    }

    [Fact(Timeout = 120_000)]
    public async Task F4_F7_A_folder_is_copied_without_its_own_name_and_listed_with_whole_URIs()
    {
        await DoneAsync("copy", "d", $"{_store.Root}/d/");
        await DoneAsync("copy", $"{_store.Root}/d/", "out");
        Assert.Equal(["b.txt", "rep/file1.data", "rep/x.tmp"], Tree("out"));
        Assert.Equal([$"{_store.Root}/d/b.txt", $"{_store.Root}/d/rep/file1.data", $"{_store.Root}/d/rep/x.tmp"],
            (await ColumnAsync("list", $"{_store.Root}/d/")).Order(StringComparer.Ordinal));
        Assert.Equal([$"{_store.Root}/d/b.txt", $"{_store.Root}/d/rep/"], (await ColumnAsync("list", "--not-recursive", $"{_store.Root}/d"))
            .Order(StringComparer.Ordinal));
        Assert.Equal(["b.txt", "rep/"], (await ColumnAsync("nrlist", $"{_store.Root}/d")).Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = 120_000)]
    public async Task F6_An_object_is_streamed_from_one_store_to_another()
    {
        await using var other = await CloudStore.CreateAsync(scheme == "s3" ? "azure" : "s3");
        var big = new byte[20_000_000];
        new Random(1).NextBytes(big);
        await File.WriteAllBytesAsync(At("big"), big, Ct);
        await DoneAsync("copy", "big", $"{_store.Root}/x");
        var both = new Dictionary<string, string?>(_store.Environment);
        foreach (var (name, value) in other.Environment) both[name] = value;
        var (code, _, error) = await RunAsync(_root, both, "copy", $"{_store.Root}/x", $"{other.Root}/y");
        Assert.True(code == 0, error);
        Assert.Equal(0, (await RunAsync(_root, both, "copy", $"{other.Root}/y", "back")).Code);
        Assert.Equal(big, await File.ReadAllBytesAsync(At("back/y"), Ct));
    }

    [Fact(Timeout = 120_000)]
    public async Task F9_F10_The_md5_is_a_column_and_an_empty_folder_a_table_with_only_its_header()
    {
        await DoneAsync("copy", "a.txt", $"{_store.Root}/");
        var (_, output, _) = await RunAsync(_root, "list", "--md5", $"{_store.Root}/");
        Assert.EndsWith("\t1\t0cc175b9c0f1b6a831c399e269772661\n", output, StringComparison.Ordinal);
        Assert.Equal((0, "name\tcreation_date\tmodification_date\tsize\n", ""), await RunAsync(_root, "list", $"{_store.Root}/nothing/"));
    }

    [Fact(Timeout = 120_000)]
    public async Task F12_F13_F15_A_sync_moves_what_changed_and_is_included_and_deletes_nothing()
    {
        await DoneAsync("copy", "a.txt", $"{_store.Root}/d/extra");
        Assert.Contains("copied 2 files", await DoneAsync("sync", "--include", "*.data", "--include", "b.*", "d", $"{_store.Root}/d"),
            StringComparison.Ordinal);
        Assert.Contains("copied 1 file, 3 B", await DoneAsync("sync", "d", $"{_store.Root}/d"), StringComparison.Ordinal);
        Assert.Contains("copied 0 files", await DoneAsync("sync", "d", $"{_store.Root}/d"), StringComparison.Ordinal);
        // The same size, and newer.
        Write("d/b.txt", "BB");
        File.SetLastWriteTimeUtc(At("d/b.txt"), TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(1));
        Assert.Contains("copied 1 file, 2 B", await DoneAsync("sync", "d", $"{_store.Root}/d"), StringComparison.Ordinal);
        Assert.Equal(["b.txt", "extra", "rep/file1.data", "rep/x.tmp"], (await ColumnAsync("rlist", $"{_store.Root}/d")).Order(StringComparer.Ordinal));
        await DoneAsync("sync", "--include", "*.data", $"{_store.Root}/d", "mine");
        Assert.Equal(["rep/file1.data"], Tree("mine"));
    }

    [Fact(Timeout = 120_000)]
    public async Task F16_F18_Deleting_takes_a_folder_or_what_is_included_and_not_its_namesakes()
    {
        await DoneAsync("copy", "d", $"{_store.Root}/d");
        await DoneAsync("copy", "d2", $"{_store.Root}/d2");
        Assert.Contains("would delete 3 files", await DoneAsync("delete", "--dryrun", $"{_store.Root}/d"), StringComparison.Ordinal);
        Assert.Contains("deleted 1 file", await DoneAsync("delete", "--include", "*.tmp", $"{_store.Root}/d"), StringComparison.Ordinal);
        Assert.Contains("deleted 2 files", await DoneAsync("delete", $"{_store.Root}/d"), StringComparison.Ordinal);
        Assert.Equal(["d2/c.txt"], await ColumnAsync("rlist", $"{_store.Root}/"));
    }

    [Theory(Timeout = 120_000)]
    [InlineData("F19", 1, "https://localhost/x", "delete", "https://localhost/x")]
    [InlineData("F21", 3, "none", "sync", "none", "ROOT/none")]
    [InlineData("no object", 3, "ROOT/none", "copy", "ROOT/none", "out")]
    [InlineData("no bucket for a file", 3, "no-such-bucket-of-ours", "copy", "a.txt", "SCHEME://no-such-bucket-of-ours/x")]
    [InlineData("no bucket for a folder", 3, "no-such-bucket-of-ours", "copy", "d", "SCHEME://no-such-bucket-of-ours/x/")]
    [InlineData("no bucket to list", 3, "no-such-bucket-of-ours", "list", "SCHEME://no-such-bucket-of-ours/x/")]
    public async Task What_cannot_be_done_fails_at_once_with_one_line_that_names_it(string id, int code, string named, params string[] args)
    {
        string Filled(string text) => text.Replace("ROOT", _store.Root, StringComparison.Ordinal).Replace("SCHEME", scheme, StringComparison.Ordinal);
        var started = Stopwatch.StartNew();
        var result = await RunAsync(_root, [.. args.Select(Filled)]);
        Assert.True(result.Code == code, $"{id}: {result}");
        Assert.Single(result.Error.TrimEnd('\n').Split('\n'));
        Assert.Contains(Filled(named), result.Error, StringComparison.Ordinal);
        // Far below what ten attempts take.
        Assert.True(started.Elapsed < TimeSpan.FromSeconds(30));
    }

    [Fact(Timeout = 120_000)]
    public async Task F22_Two_folders_of_this_machine_are_synced()
    {
        await DoneAsync("sync", "d", "e");
        Assert.Equal(Tree("d"), Tree("e"));
    }

    [Fact(Timeout = 120_000)]
    public async Task I40_Names_are_kept_to_the_byte_from_here_and_back()
    {
        string[] names = ["a b", "plus+", "%41", "hash#1", "quest?x", "é", string.Join('/', Enumerable.Repeat(new string('n', 120), 7))];
        foreach (var name in names) Write("odd/" + name, name);
        await DoneAsync("sync", "odd", $"{_store.Root}/odd");
        Assert.Equal(names.Order(StringComparer.Ordinal), (await ColumnAsync("rlist", $"{_store.Root}/odd")).Order(StringComparer.Ordinal));
        await DoneAsync("copy", $"{_store.Root}/odd/", "back");
        foreach (var name in names) Assert.Equal(name, await File.ReadAllTextAsync(At("back/" + name), Ct));
        foreach (var name in names) await DoneAsync("copy", $"{_store.Root}/odd/{name}", "single");
    }

    [Fact(Timeout = 120_000)]
    public async Task Some_failures_leave_a_summary_and_their_list_and_exit_code_1()
    {
        await DoneAsync("copy", "d", $"{_store.Root}/d");
        // A directory where a file has to go.
        Directory.CreateDirectory(At("out/b.txt/x"));
        var (code, _, error) = await RunAsync(_root, "copy", $"{_store.Root}/d/", "out");
        var lines = error.TrimEnd('\n').Split('\n');
        Assert.Equal(1, code);
        Assert.StartsWith("copied 2 files, 7 B in ", lines[0], StringComparison.Ordinal);
        Assert.Contains($"{_store.Root}/d/b.txt", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("scitq-fetch: 1 file failed", lines[2], StringComparison.Ordinal);
    }

    private async Task<string> DoneAsync(params string[] args)
    {
        var (code, _, error) = await RunAsync(_root, args);
        Assert.True(code == 0, $"{string.Join(' ', args)}: {error}");
        return error;
    }

    private async Task<string[]> ColumnAsync(params string[] args)
    {
        var (code, output, error) = await RunAsync(_root, args);
        Assert.True(code == 0, error);
        return [.. output.TrimEnd('\n').Split('\n').Skip(1).Select(line => line.Split('\t')[0])];
    }

    private Task<(int Code, string Output, string Error)> RunAsync(string folder, params string[] args) => RunAsync(folder, _store.Environment, args);

    private async Task<(int Code, string Output, string Error)> RunAsync(string folder, IReadOnlyDictionary<string, string?> environment, params string[] args)
    {
        var program = Path.Combine(TestEnvironment.Bin, "scitq-fetch");
        if (!File.Exists(program)) TestEnvironment.Missing($"{program} is not there");
        var start = new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        start.Environment["XDG_STATE_HOME"] = At("state");
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(Ct);
        var output = await process.StandardOutput.ReadToEndAsync(Ct);
        await process.WaitForExitAsync(Ct);
        return (process.ExitCode, output, await error);
    }

    private string At(string relative) => Path.Combine(_root, relative);

    private void Write(string relative, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(relative))!);
        File.WriteAllText(At(relative), text);
    }

    private string[] Tree(string relative) =>
        [.. Directory.EnumerateFiles(At(relative), "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(At(relative), f))
            .Order(StringComparer.Ordinal)];
}

public sealed class S3AcceptanceTests() : FetchAcceptanceTests("s3");

public sealed class AzureAcceptanceTests() : FetchAcceptanceTests("azure");
