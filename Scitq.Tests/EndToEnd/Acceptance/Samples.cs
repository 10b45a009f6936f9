using System.Formats.Tar;
using System.IO.Compression;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>A bucket or container with data for tasks, put there by scitq-fetch.</summary>
public abstract class Samples(string scheme) : IAsyncLifetime
{
    /// <summary>Names that some program on the way might take for something else.</summary>
    public static readonly IReadOnlyList<string> OddNames = ["%41", "a b", "a#b", "a+b", "a?b", "é",
        $"{string.Join('/', Enumerable.Repeat(new string('n', 199), 4))}/end"];

    private readonly TestFolder _folder = new();
    private readonly string _variable = scheme == "s3" ? "SCITQ_TEST_S3" : "SCITQ_TEST_AZURE";
    private CloudStore? _store;

    /// <summary>Without a final slash.</summary>
    public string Root => Store.Root;

    private CloudStore Store
    {
        get
        {
            // Only in a test can it be said that the test is skipped.
            TestEnvironment.Required(_variable);
            return _store!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (TestEnvironment.Optional(_variable) is null) return;
        _store = await CloudStore.CreateAsync(scheme);
        foreach (var (name, text) in ((string, string)[])[
            ("d/x.txt", "x"), ("d/sub/y.txt", "y"), ("d2/z.txt", "z"), ("a/b.txt", "ab"), .. OddNames.Select(n => ($"odd/{n}", n))]) Write(name, text);
        foreach (var (name, text) in ((string, string)[])[("one", "1"), ("in/two", "2")]) Write(name, text, below: "db");
        await using (var zipped = new GZipStream(File.Create(_folder["data/x.txt.gz"]), CompressionLevel.Fastest)) zipped.Write("unzipped"u8);
        await TarFile.CreateFromDirectoryAsync(_folder["db"], _folder["data/db.tar"], includeBaseDirectory: false);
        await using (var zipped = new GZipStream(
            File.Create(_folder["data/db.tar.gz"]), CompressionLevel.Fastest)) await TarFile.CreateFromDirectoryAsync(_folder["db"], zipped,
            includeBaseDirectory: false);
        await ZipFile.CreateFromDirectoryAsync(_folder["db"], _folder["data/db.zip"]);
        await FetchAsync("copy", _folder["data"], Root);
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null) await _store.DisposeAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes an object, or changes it.</summary>
    public async Task PutAsync(string name, string text)
    {
        Write(name, text);
        await FetchAsync("copy", _folder[$"data/{name}"], $"{Root}/{name}");
    }

    /// <summary>What is below a folder of the store: relative names and contents.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ReadAsync(string folder)
    {
        var copy = Directory.CreateDirectory(_folder[$"copy-{Guid.NewGuid():N}"]).FullName;
        await FetchAsync("copy", $"{Root}/{folder}/", copy);
        return Directory.EnumerateFiles(copy, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .ToDictionary(f => Path.GetRelativePath(copy, f), File.ReadAllText);
    }

    private void Write(string name, string text, string below = "data")
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[$"{below}/{name}"])!);
        File.WriteAllText(_folder[$"{below}/{name}"], text);
    }

    private async Task FetchAsync(params string[] arguments) =>
        (await ToolOutput.RunAsync(Path.Combine(TestEnvironment.Bin, "scitq-fetch"), arguments, Store.Environment)).Success();
}

/// <summary>On S3.</summary>
public sealed class S3Samples() : Samples("s3");

/// <summary>On Azure.</summary>
public sealed class AzureSamples() : Samples("azure");
