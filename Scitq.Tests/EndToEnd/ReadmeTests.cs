using System.Text.RegularExpressions;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd;

/// <summary>What the README shows, pasted.</summary>
[Trait("Level", "EndToEnd")]
public sealed class ReadmeTests
{
    [Fact(Timeout = 120_000)]
    public async Task The_first_steps_work_as_pasted()
    {
        using var folder = new TestFolder();
        await using var standalone = ProcessUnderTest.Start("scitq-standalone", "--port", "0", "--data", folder["data"], "--concurrency", "2");
        var address = Regex.Match(await standalone.WaitForLineAsync("Listening on ", TimeSpan.FromSeconds(60)), "http:[^ ]+").Value;

        var readme = await File.ReadAllTextAsync(Path.Combine(TestEnvironment.Root, "README.md"), TestContext.Current.CancellationToken);
        var steps = Regex.Match(readme, "^## First steps.*?^```sh\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline).Groups[1].Value;
        Assert.Contains("http://127.0.0.1:5000", steps, StringComparison.Ordinal);
        // Its own address and folders; and the programs that are under test.
        steps = steps.Replace("http://127.0.0.1:5000", address, StringComparison.Ordinal)
            .Replace("/tmp/scitq-reads/", folder["reads/"], StringComparison.Ordinal)
            .Replace("bin/scitq-", Path.Combine(TestEnvironment.Bin, "scitq-"), StringComparison.Ordinal);

        await using var shell = ProcessUnderTest.Start("/bin/bash", ["-e", "-o", "pipefail", "-c", steps], environment: null, TestEnvironment.Root);
        Assert.True(await shell.WaitForExitAsync(TimeSpan.FromSeconds(90)) == 0, shell.Text);
        Assert.Contains("Task queued with task id: 1", shell.Lines);
        Assert.Contains("250", shell.Lines);        // the reads of the sample
        Assert.Contains("Hello world!", shell.Lines);
    }
}
