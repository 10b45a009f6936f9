using Scitq.Agent.Runtimes;
using Scitq.Contracts;
using Xunit;

namespace Scitq.Tests.Integration.Runtimes;

[Trait("Level", "Integration")]
public sealed class NativeArgvTests : IDisposable
{
    private readonly NativeRuns _runs = new();

    public static TheoryData<string, string[], string> Commands => new()
    {
        { "Q1", ["echo", "Hello world!"], "Hello world!\n" },
        { "Q3", ["echo", "$CPU"], "$CPU\n" },
        { "Q12", ["printf", "%s.", "a", "b c", "d"], "a.b c.d." },
        { "Q13", ["printf", "[%s]", "a", "", "b"], "[a][][b]" },
        { "Q15", ["echo", "it's ok"], "it's ok\n" },
        { "Q16", ["echo", "say \"hi\" to it's"], "say \"hi\" to it's\n" },
        { "Q18", ["echo", "\"\\\"l'avion\\\"\""], "\"\\\"l'avion\\\"\"\n" },
        { "Q19", ["echo", "a\\b"], "a\\b\n" },
        { "Q21", ["echo", "a\tb"], "a\tb\n" },
        { "Q22", ["sh", "-c", "echo 1\necho 2"], "1\n2\n" },
        { "Q24", ["echo", "a", "|", "wc"], "a | wc\n" },
        { "Q25", ["echo", "*"], "*\n" },
        { "Q30", ["echo", "a", "b"], "a b\n" },
        { "Q30b", ["echo", "a   b"], "a   b\n" },
        { "Q33", ["echo", "-n", "hi"], "hi" },
    };

    public void Dispose() => _runs.Dispose();

    [Theory(Timeout = 60_000), MemberData(nameof(Commands))]
    public async Task A_command_gets_its_words_exactly(string id, string[] argv, string expected)
    {
        var (exit, printed, error) = await _runs.RunAsync(argv);
        Assert.Equal((id, 0, expected, ""), (id, exit.ExitCode, printed, error));
    }

    [Fact(Timeout = 60_000)]
    public async Task Q4_a_command_line_given_as_one_word_names_a_program_that_is_not_there()
    {
        var request = _runs.Request("echo $CPU");
        var e = await Assert.ThrowsAsync<StartException>(() => _runs.StartAsync(request));
        Assert.Equal(FailureClass.Start, e.Failure);
        Assert.Contains("'echo $CPU' was not found", e.Message, StringComparison.Ordinal);
        Assert.Null(await _runs.Runtime.AdoptAsync(request, default));
    }

    [Fact(Timeout = 60_000)]
    public async Task Any_characters_arrive_byte_for_byte()
    {
        string[] argv = ["cat", "/proc/self/cmdline", "line\nbreak\r", "🧬 é", "\u202eltr", "$(id)`id`", "'", "--", "-", "\u0001\u007f", ""];
        // cat says that it can't find all but the first of its files.
        var (exit, printed, _) = await _runs.RunAsync(argv);
        Assert.Equal(1, exit.ExitCode);
        Assert.Equal(string.Concat(argv.Select(word => word + "\0")), printed);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(100_000)]
    [InlineData(131_071)]
    [InlineData(131_072)]
    [InlineData(1_000_000)]
    public async Task A_long_script_runs(int length)
    {
        var script = "echo $0:$1:$#;exit 7 #";
        var (exit, printed, error) = await _runs.RunAsync("sh", "-ec", script + new string('é', (length - script.Length) / 2) + new string('a', length % 2),
            "zero", "one");
        Assert.Equal((7, "zero:one:1\n", ""), (exit.ExitCode, printed, error));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_word_no_program_can_receive_is_said_so()
    {
        var e = await Assert.ThrowsAsync<StartException>(() => _runs.StartAsync(_runs.Request("echo", new string('a', 131_072))));
        Assert.Equal(FailureClass.Start, e.Failure);
        Assert.Contains("word 1 of the command is 131072 bytes long", e.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task Words_that_are_too_long_together_are_said_so()
    {
        var request = _runs.Request(["echo", .. Enumerable.Repeat(new string('a', 100_000), 100)]);
        var e = await Assert.ThrowsAsync<StartException>(() => _runs.StartAsync(request));
        Assert.Contains("longer than the kernel takes", e.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_program_in_usr_local_bin_is_found_by_name()
    {
        const string program = "/usr/local/bin/scitq-e4-test";
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root may put a program there.");
        await File.WriteAllTextAsync(program, "#!/bin/sh\necho E4 $0\n");
        try
        {
            File.SetUnixFileMode(program, (UnixFileMode)0b111_101_101);
            Assert.Equal("E4 /usr/local/bin/scitq-e4-test\n", (await _runs.RunAsync("scitq-e4-test")).Out);
        }
        finally
        {
            File.Delete(program);
        }
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_there_but_can_not_be_executed_is_said_so()
    {
        var e = await Assert.ThrowsAsync<StartException>(() => _runs.StartAsync(_runs.Request("/etc/passwd")));
        Assert.Contains("/etc/passwd is not executable", e.Message, StringComparison.Ordinal);
        e = await Assert.ThrowsAsync<StartException>(() => _runs.StartAsync(_runs.Request("/etc")));
        Assert.Contains("/etc is a directory", e.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_script_whose_interpreter_is_missing_is_no_exit_127()
    {
        var request = _runs.Request("./script");
        var script = Path.Combine(request.Directory.Temp, "script");
        await File.WriteAllTextAsync(script, "#!/nowhere/sh\n");
        File.SetUnixFileMode(script, (UnixFileMode)0b111_101_101);
        var (exit, _, error) = await _runs.RunAsync(request);
        Assert.Equal((null, FailureClass.Start), (exit.ExitCode, exit.Failure));
        Assert.Contains("script", error, StringComparison.Ordinal);
    }

    [Theory(Timeout = 60_000)]
    [InlineData(3)]
    [InlineData(125)]
    [InlineData(126)]
    [InlineData(127)]
    [InlineData(255)]
    public async Task An_exit_code_is_the_commands_own(int code)
    {
        var (exit, _, error) = await _runs.RunAsync("sh", "-c", $"exit {code}");
        Assert.Equal((code, null, ""), (exit.ExitCode, exit.Failure, error));
    }
}
