using System.Diagnostics;
using System.IO.Compression;
using Scitq.Tests.Integration.Fetch;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Fetch;

/// <summary>
/// scitq-fetch killed while a program works for it: that must not go on writing where the next one works. The programs are scripts that wait while
/// there is a file <c>.hold</c>.
/// </summary>
[Trait("Level", "EndToEnd")]
public sealed class KilledProgramTests(DockerFixture docker) : IAsyncLifetime, IClassFixture<DockerFixture>
{
    private const string Run = "SRR900001", Reads = "@r\nACGT\n+\nIIII\n";
    private const int SigStop = 19;
    private readonly TestFolder _folder = new();
    private FakeEna _ena = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _ena = await FakeEna.StartAsync();
        Directory.CreateDirectory(_folder["out"]);
    }

    public async ValueTask DisposeAsync()
    {
        await _ena.DisposeAsync();
        _folder.Dispose();
    }

    [Theory(Timeout = 120_000)]
    [InlineData("prefetch")]
    [InlineData("fasterq-dump")]
    public async Task No_program_of_the_SRA_toolkit_outlives_it_and_the_next_run_is_whole(string held)
    {
        var environment = Toolkit(held);
        await KillAsync(environment, $"run+fastq@sra://{Run}");
        await FinishAsync(environment, $"run+fastq@sra://{Run}");
        Assert.Equal(Reads, Unzipped());
        Assert.Equal([$"{Run}.fastq.gz"], Names());
    }

    [Theory(Timeout = 120_000)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_ascp_and_no_container_outlives_it_and_the_next_run_is_whole(bool inImage)
    {
        var environment = Aspera(inImage);
        await KillAsync(environment, "fasp://user@host:/x.bin");
        if (inImage) await Eventually.Async(async () => await ContainersAsync() == "", "no container is left");
        await FinishAsync(environment, "fasp://user@host:/x.bin");
        Assert.Equal("whole", await File.ReadAllTextAsync(_folder["out/x.bin"], Ct));
        Assert.Equal([".ascp", "x.bin"], Names());
    }

    [Fact(Timeout = 120_000)]
    public async Task One_that_is_stopped_has_removed_its_container_when_it_ends()
    {
        await using var process = await HeldAsync(Aspera(inImage: true), "fasp://user@host:/x.bin");
        process.Terminate();
        Assert.NotEqual(0, await process.WaitForExitAsync());
        Assert.Empty(await ContainersAsync());
    }

    [Fact(Timeout = 120_000)]
    public async Task A_container_that_was_left_nevertheless_ends_before_the_next_one_starts()
    {
        var environment = Aspera(inImage: true);
        await using (var first = await HeldAsync(environment, "fasp://user@host:/x.bin"))
        {
            // What would remove it goes first, unseen.
            first.Signal(SigStop);
            foreach (var shell in Left().Where(p => File.ReadAllText($"/proc/{p}/cmdline").Contains("read -r _", StringComparison.Ordinal)))
            {
                using var process = Process.GetProcessById(shell);
                process.Kill();
            }

            await first.KillAsync();
        }

        Assert.NotEmpty(await ContainersAsync());
        // The one that was left would wait for ever.
        await File.WriteAllTextAsync(_folder["out/.ascp"], Ascp("exit 1"), Ct);
        await using (var next = Fetch(environment, "--attempts", "1", "fasp://user@host:/x.bin")) Assert.Equal(5, await next.WaitForExitAsync());
        Assert.Empty(await ContainersAsync());
        await Eventually.Async(() => Left().Length == 0, "no program is left");
    }

    [Fact(Timeout = 120_000)]
    public async Task Of_two_at_once_the_second_waits_for_the_run_of_the_first()
    {
        var environment = Toolkit("prefetch");
        await using var first = await HeldAsync(environment, $"run+fastq@sra://{Run}");
        await using var hasty = Fetch(environment, "--attempts", "2", $"run+fastq@sra://{Run}");
        Assert.Equal(5, await hasty.WaitForExitAsync());
        Assert.Contains($"run+fastq@sra://{Run}: another process is fetching run {Run} to the same place ('{_folder[$"out/.{Run}.part"]}'). Given up after 2 "
            + $"attempts.", hasty.Text, StringComparison.Ordinal);
        await using var second = Fetch(environment, "-v", $"run+fastq@sra://{Run}");
        await second.WaitForLineAsync("another process is fetching");
        File.Delete(_folder["out/.hold"]);
        Assert.True(await first.WaitForExitAsync() == 0, first.Text);
        Assert.True(await second.WaitForExitAsync() == 0, second.Text);
        Assert.Equal(Reads, Unzipped());
        Assert.Equal([$"{Run}.fastq.gz"], Names());
    }

    [Fact(Timeout = 120_000)]
    public async Task Of_two_at_once_that_fetch_one_file_by_ascp_the_second_fails()
    {
        var environment = Aspera(inImage: false);
        await using var first = await HeldAsync(environment, "fasp://user@host:/x.bin");
        await using var second = Fetch(environment, "fasp://user@host:/x.bin");
        Assert.Equal(5, await second.WaitForExitAsync());
        Assert.Contains("another process is fetching it to the same place", second.Text, StringComparison.Ordinal);
        File.Delete(_folder["out/.hold"]);
        Assert.True(await first.WaitForExitAsync() == 0, first.Text);
        Assert.Equal("whole", await File.ReadAllTextAsync(_folder["out/x.bin"], Ct));
    }

    private async Task KillAsync(Dictionary<string, string?> environment, string uri)
    {
        await using var process = await HeldAsync(environment, uri);
        Assert.NotEmpty(Left());
        await process.KillAsync();
        await Eventually.Async(() => Left().Length == 0, "no program is left");
        File.Delete(_folder["out/.hold"]);
    }

    private async Task<ProcessUnderTest> HeldAsync(Dictionary<string, string?> environment, string uri)
    {
        await File.WriteAllTextAsync(_folder["out/.hold"], "", Ct);
        var process = Fetch(environment, uri);
        await Eventually.Async(
            () => process.HasExited ? throw new InvalidOperationException(process.Text) : File.Exists(_folder["out/.held"]), "the program waits",
                TimeSpan.FromSeconds(30));
        File.Delete(_folder["out/.held"]);
        return process;
    }

    private async Task FinishAsync(Dictionary<string, string?> environment, string uri)
    {
        await using var process = Fetch(environment, uri);
        Assert.True(await process.WaitForExitAsync() == 0, process.Text);
    }

    private ProcessUnderTest Fetch(Dictionary<string, string?> environment, params string[] words) =>
        ProcessUnderTest.Start("scitq-fetch", ["copy", .. words, _folder["out"]], environment);

    /// <summary>Programs that work below the destination, of containers too.</summary>
    private int[] Left() =>
        [.. Directory.EnumerateDirectories("/proc").Select(d => int.TryParse(Path.GetFileName(d), out var id) ? id : 0).Where(id => id > 0 && WorksHere(id))];

    private bool WorksHere(int id)
    {
        try
        {
            return Directory.ResolveLinkTarget($"/proc/{id}/cwd", returnFinalTarget: false)?.FullName.StartsWith(_folder["out"],
                StringComparison.Ordinal) == true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private async Task<string> ContainersAsync() => (await docker.CliAsync("ps", "--all", "--quiet", "--filter", $"volume={_folder["out"]}")).Trim();

    private string Hold => $"while [ -e '{_folder["out/.hold"]}' ]; do : >'{_folder["out/.held"]}'; sleep 0.1; done";

    /// <summary>Each starts a program of its own, as Debian's do.</summary>
    private Dictionary<string, string?> Toolkit(string held) => new()
    {
        ["SCITQ_ENA_PORTAL"] = _ena.Root + "/ena/portal/api",
        ["SCITQ_SRA_CLOUD"] = _ena.Root + "/sra",
        ["SCITQ_SRA_PREFETCH"] = Program("prefetch", $"mkdir -p fetched/{Run}; printf x >>fetched/{Run}/{Run}.sra", held),
        ["SCITQ_FASTERQ_DUMP"] = Program(
            "fasterq-dump", $"mkdir -p temporary; : >temporary/x; printf '{Reads.Replace("\n", "\\n", StringComparison.Ordinal)}' >fastq/{Run}.fastq", held),
        ["SCITQ_VDB_VALIDATE"] = "/nowhere/vdb-validate",
        ["SCITQ_PIGZ"] = "/nowhere/pigz",
    };

    private string Program(string name, string work, string held)
    {
        Script.Write(_folder[name + "-orig"], $"#!/bin/sh\n{work}\n{(name == held ? Hold : ":")}\n");
        return Script.Write(_folder[name], $"#!/bin/sh\n'{_folder[name + "-orig"]}'\nexit $?\n");
    }

    private Dictionary<string, string?> Aspera(bool inImage) => new()
    {
        ["SCITQ_ASCP"] = Script.Write(_folder["out/.ascp"], Ascp(Hold)),
        ["SCITQ_ASCP_IMAGE"] = inImage ? DockerFixture.Image : null,
        ["SCITQ_DOCKER"] = "docker",
        ["DOCKER_HOST"] = inImage ? TestEnvironment.Required("SCITQ_TEST_DOCKER") : null,
    };

    private static string Ascp(string first) =>
        $"#!/bin/sh\nfor file; do :; done\nprintf half >\"$file\"\n: >\"$file.aspx\"\n{first}\nprintf whole >\"$file\"\nrm \"$file.aspx\"\n";

    private string Unzipped()
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(_folder[$"out/{Run}.fastq.gz"]), CompressionMode.Decompress));
        return reader.ReadToEnd();
    }

    /// <summary>All that is there, hidden files too, but what the programs are told and tell by.</summary>
    private string[] Names() =>
    [
        .. Directory.EnumerateFileSystemEntries(_folder["out"], "*", new EnumerationOptions { AttributesToSkip = 0, RecurseSubdirectories = true })
            .Select(f => Path.GetRelativePath(_folder["out"], f)).Where(n => n != ".held").Order(StringComparer.Ordinal),
    ];
}
