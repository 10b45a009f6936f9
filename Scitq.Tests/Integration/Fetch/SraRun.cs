using System.Diagnostics;
using System.Globalization;
using System.Text;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Fetch;

/// <summary>A run as SRA keeps it, made of FASTQ by the SRA toolkit's own programs.</summary>
internal static class SraRun
{
    public const int Spots = 40;

    public static async Task<byte[]> MakeAsync(string accession, string folder, bool paired = true)
    {
        Directory.CreateDirectory(folder);
        var reads = Enumerable.Range(1, paired ? 2 : 1).Select(r => Path.Combine(folder, $"r_{r}.fastq")).ToArray();
        foreach (var (path, read) in reads.Select((p, i) => (p, i + 1))) await File.WriteAllTextAsync(path, Fastq(read));
        await RunAsync("latf-load", folder, ["--quality", "PHRED_33", "-p", "ILLUMINA", "-o", "tree", .. reads]);
        await RunAsync("kar", folder, ["--create", accession, "-d", "tree"]);
        return await File.ReadAllBytesAsync(Path.Combine(folder, accession));
    }

    /// <summary>The bases of a FASTQ file, line by line.</summary>
    public static IEnumerable<string> Bases(string fastq) => fastq.Split('\n').Where((_, line) => line % 4 == 1);

    public static string Fastq(int read)
    {
        var random = new Random(read);
        var text = new StringBuilder();
        for (var spot = 1; spot <= Spots; spot++)
            text.Append(CultureInfo.InvariantCulture, $"@s{spot}/{read}\n{new string(random.GetItems("ACGT".AsSpan(), 50))}\n+\n{new string('I', 50)}\n");
        return text.ToString();
    }

    private static async Task RunAsync(string program, string folder, string[] arguments)
    {
        if (!File.Exists("/usr/bin/" + program)) TestEnvironment.Missing($"/usr/bin/{program} of Debian's sra-toolkit is not there");
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/" + program, arguments)
            { WorkingDirectory = folder, RedirectStandardError = true, RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, error + await output);
    }
}
