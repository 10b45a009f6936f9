using System.Diagnostics;
using Scitq.Contracts;
using Scitq.Fetch;
using Scitq.Fetch.Local;
using Scitq.Tests.Servers;
using Scitq.Tests.Unit.Fetch.Archives;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>Several hundred odd archives, unpacked by us and by GNU tar, bsdtar and unzip.</summary>
[Trait("Level", "Integration")]
public sealed class ArchiveDifferenceTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("scitq-odd-").FullName;
    private readonly Fetcher _fetcher = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _fetcher.Dispose();
        TreeRemoval.Remove(_root);
    }

    [Fact(Timeout = 120_000)]
    public async Task An_odd_tar_becomes_the_tree_that_other_programs_make_or_is_refused_by_name_and_leaves_nothing() =>
        await CompareAsync(
            OddTars.All(),
            ["tar", "--no-same-owner", "-xpf"],
            ["bsdtar", "--no-same-owner", "-xpf"]);

    [Fact(Timeout = 120_000)]
    public async Task An_odd_zip_becomes_the_tree_that_other_programs_make_or_is_refused_by_name_and_leaves_nothing() =>
        await CompareAsync(
            OddZips.All(),
            ["unzip", "-qqo"],
            ["bsdtar", "--no-same-owner", "-xpf"]);

    private async Task CompareAsync(IEnumerable<OddArchive> archives, params string[][] programs)
    {
        foreach (var program in programs.Select(p => p[0]).Where(p => !File.Exists($"/usr/bin/{p}") && !File.Exists($"/bin/{p}")))
            TestEnvironment.Missing($"There is no {program}");
        var wrong = new List<string>();
        var number = 0;
        foreach (var archive in archives)
        {
            number++;
            var file = Path.Combine(_root, $"{number}.{archive.Extension}");
            await File.WriteAllBytesAsync(file, archive.Bytes, Ct);
            var (ours, refusal) = await UnpackAsync(archive, file);
            var theirs = new List<SortedDictionary<string, string>>();
            // A refusal needs nobody's opinion, and one that agrees is enough.
            foreach (var program in programs)
                if (ours is not null && !theirs.Exists(t => t.SequenceEqual(ours))
                    && await RunAsync(program, file, Path.Combine(_root, $"{number}.theirs")) is { } tree) theirs.Add(tree);
            if (Problem(archive, ours, refusal, theirs) is { } problem) wrong.Add($"{archive}: {problem}");
            File.Delete(file);
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {number} archives:\n{string.Join('\n', wrong)}");
        Assert.False(Path.Exists("/tmp/scitq-odd"));
    }

    private static string? Problem(OddArchive archive, SortedDictionary<string, string>? ours, string? refusal, List<SortedDictionary<string, string>> theirs)
    {
        if (refusal is not null && archive.Outcome == Outcome.Same) return refusal;
        if (ours is null) return null;
        if (archive.Outcome == Outcome.Refused) return $"not refused: {UnpackedTree.Text(ours)}";
        return theirs.Exists(t => t.SequenceEqual(ours))
            ? null
            : $"{UnpackedTree.Text(ours)}\n    instead of "
                + $"{(theirs.Count == 0 ? "a refusal" : string.Join("\n            or ", theirs.Select(UnpackedTree.Text)))}";
    }

    private async Task<(SortedDictionary<string, string>? Tree, string? Refusal)> UnpackAsync(OddArchive archive, string file)
    {
        var place = $"{file}.ours";
        Directory.CreateDirectory(place);
        try
        {
            await _fetcher.GetAsync(DataUri.Parse($"file://{file}|{archive.Action}"), place, ct: Ct);
            return (UnpackedTree.Of(place, modesAndTimes: archive.Extension != "zip"), null);
        }
        catch (IntegrityException e)
        {
            Assert.Empty(LocalFiles.NamesIn(place));
            return (null, e.Message);
        }
        finally
        {
            TreeRemoval.Remove(place);
        }
    }

    private static async Task<SortedDictionary<string, string>?> RunAsync(string[] program, string file, string place)
    {
        Directory.CreateDirectory(place);
        var start = new ProcessStartInfo(program[0], [.. program[1..], file])
            { WorkingDirectory = place, RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true };
        start.Environment["LC_ALL"] = "C.UTF-8";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        await Task.WhenAll(process.StandardError.ReadToEndAsync(Ct), process.StandardOutput.ReadToEndAsync(Ct), process.WaitForExitAsync(Ct));
        try
        {
            return process.ExitCode == 0 ? UnpackedTree.Of(place, modesAndTimes: !file.EndsWith("zip", StringComparison.Ordinal)) : null;
        }
        finally
        {
            TreeRemoval.Remove(place);
        }
    }
}
