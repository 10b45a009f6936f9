using System.Diagnostics;
using System.Text.RegularExpressions;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration;

/// <summary>The scripts for the shells, in those shells, and the manual pages, as the programs that show them judge them.</summary>
[Trait("Level", "Integration")]
public sealed class ShellTests
{
    private const string Bash = """
        eval "$(scitq-manage completion bash)"
        complete -p scitq-launch | grep -q _scitq || echo not registered
        at() { COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _scitq; echo "${COMPREPLY[*]}"; }
        at scitq-manage ta
        at scitq-manage task logs --dow
        at scitq-manage --format = js
        at scitq-launch mkfif
        at scitq-fetch co
        """;

    // The completion system draws on a terminal; here it says what it would offer.
    private const string Zsh = """
        _describe() { local name=${@[-1]}; print -r -- ${${(@P)name}%%:*} }
        _command_names() { print -r -- programs }
        _files() { print -r -- files }
        compset() { }
        compdef() { print -r -- "$@" }
        eval "$(scitq-manage completion zsh)"
        at() { words=("$@") CURRENT=$# PREFIX=${@[-1]}; _scitq }
        at scitq-manage ta
        at scitq-manage task logs --dow
        at scitq-manage --format=js
        at scitq-launch mkfif
        at scitq-fetch copy ''
        """;

    private const string Fish = """
        scitq-manage completion fish | source
        complete -C 'scitq-manage ta' | string replace -r '\t.*' ''
        complete -C 'scitq-manage task logs --dow' | string replace -r '\t.*' ''
        complete -C 'scitq-manage --format=js' | string join ' '
        complete -C 'scitq-launch mkfif' | string match -r '^mkfifo' | sort -u
        complete -C 'scitq-fetch copy --dry'| string replace -r '\t.*' ''
        """;

    [Theory(Timeout = 120_000)]
    [InlineData("/bin/bash", "--norc", Bash, "task\n--download\njson jsonl\nmkfifo\ncopy")]
    [InlineData("/bin/zsh", "-f", Zsh, "_scitq scitq-manage scitq-launch scitq-fetch\ntask\n--download\n--format=json --format=jsonl\nprograms\nfiles")]
    [InlineData("/usr/bin/fish", "--no-config", Fish, "task\n--download\n--format=json --format=jsonl\nmkfifo\n--dry-run")]
    public async Task A_shell_completes_what_is_typed(string shell, string plain, string script, string expected)
    {
        // What a shell thinks of its terminal or its home goes to standard error, and is nothing to us.
        var (output, _) = await RunAsync(shell, plain, "-c", script.ReplaceLineEndings("\n"));
        Assert.Equal(expected, string.Join('\n', output.Split('\n').Select(l => string.Join(' ', l.Split(' ').Distinct()))).Trim());
    }

    [Theory(Timeout = 120_000)]
    [InlineData("scitq-manage", "task list")]
    [InlineData("scitq-launch", "--follow")]
    [InlineData("scitq-fetch", "sync SRC DST")]
    public async Task A_manual_page_is_without_fault(string program, string holds)
    {
        var page = Path.Combine(TestEnvironment.Bin, "share/man/man1", $"{program}.1");
        Assert.Equal(("", ""), await RunAsync("/usr/bin/mandoc", "-T", "lint", "-W", "warning", page));
        var (text, _) = await RunAsync("/usr/bin/mandoc", "-T", "utf8", "-O", "width=100", page);
        // Bold is a letter over itself.
        text = Regex.Replace(text, @".\x08", "");
        Assert.Contains(holds, text, StringComparison.Ordinal);
        Assert.Contains("EXIT STATUS", text, StringComparison.Ordinal);
    }

    private static async Task<(string Output, string Error)> RunAsync(string program, params string[] arguments)
    {
        if (!File.Exists(program)) TestEnvironment.Missing($"{program} is not installed");
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var home = new TestFolder();
        (start.Environment["HOME"], start.Environment["XDG_CONFIG_HOME"], start.Environment["XDG_DATA_HOME"]) = (home.Path, home.Path, home.Path);
        start.Environment["PATH"] = $"{TestEnvironment.Bin}:{Environment.GetEnvironmentVariable("PATH")}";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (output, await error);
    }
}
