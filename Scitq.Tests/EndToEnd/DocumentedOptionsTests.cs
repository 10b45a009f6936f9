using System.Diagnostics;
using System.Text.RegularExpressions;
using Scitq.Tests.Servers;
using Scitq.Tools.Manage;

namespace Scitq.Tests.EndToEnd;

/// <summary>What the programs' own help tells is in docs/configuration.md.</summary>
[Trait("Level", "EndToEnd")]
public sealed partial class DocumentedOptionsTests
{
    public static TheoryData<string, string> Programs => new()
    {
        { "scitq-coordinator", "### scitq-coordinator" },
        { "scitq-agent", "### scitq-agent" },
        { "scitq-standalone", "### scitq-standalone" },
        { "scitq-launch", "### scitq-launch" },
        { "scitq-manage", "### scitq-manage" },
    };

    [Theory(Timeout = 60_000)]
    [MemberData(nameof(Programs))]
    public async Task Every_option_of_the_help_is_documented(string program, string heading)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(TestEnvironment.Root, "docs", "configuration.md"), TestContext.Current.CancellationToken);
        var from = text.IndexOf(heading, StringComparison.Ordinal);
        Assert.True(from >= 0, $"docs/configuration.md has no heading '{heading}'.");
        var next = Regex.Match(text[(from + heading.Length)..], "^##", RegexOptions.Multiline);
        var section = next.Success ? text.Substring(from, heading.Length + next.Index) : text[from..];
        var documented = Option().Matches(section).Select(m => m.Value).Concat(["--help", "--version"]).ToHashSet();

        var told = new HashSet<string>(await HelpAsync(program));
        if (program == "scitq-manage")
            foreach (var verb in Verbs.All) told.UnionWith(await HelpAsync(program, verb.Object, verb.Name));
        Assert.NotEmpty(told);
        Assert.Empty(told.Except(documented));
    }

    private static async Task<IEnumerable<string>> HelpAsync(string program, params string[] words)
    {
        var start = new ProcessStartInfo(Path.Combine(TestEnvironment.Bin, program), [.. words, "--help"]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return HelpLine().Matches(text).Select(m => m.Groups[1].Value);
    }

    /// <summary>A line about an option, not one that mentions some.</summary>
    [GeneratedRegex(@"^ {1,8}(?:-\w, )?(--[a-z][a-z-]*)", RegexOptions.Multiline)]
    private static partial Regex HelpLine();

    [GeneratedRegex(@"--[a-z][a-z-]*")]
    private static partial Regex Option();
}
