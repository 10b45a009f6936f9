using System.Text.Json;
using Scitq.Contracts.Docker;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Tools.Launch;

namespace Scitq.Tests.Unit.Tools;

[Trait("Level", "Unit")]
public sealed class LaunchGrammarTests
{
    /// <summary>Command lines that must be refused with exit code 2, and a word of the reason.</summary>
    public static TheoryData<string, string[], string> Refused => new()
    {
        { "L1", [], "Usage:" },
        { "L3", ["-b", "x"], "Usage:" },
        { "L4", ["-b"], "-b requires at least one argument" },
        { "L4 another option instead of the value", ["-b", "-d", "img", "cmd"], "-b requires at least one argument" },
        { "L6", ["-O", "--gpus all", "nvidia-smi"], "without a docker image" },
        { "L10", ["-u", "abc", "id"], "'abc' is not a whole number" },
        { "L12 no id", ["-R", "1, x", "true"], "'x' is neither a task number nor a task GUID" },
        { "L16", ["-o", "", "true"], "output" },
        { "L18", ["-i", "S3://a/b", "true"], "input 'S3://a/b' is malformed" },
        { "L19", ["-i", "gs://a/b", "true"], "unsupported protocol 'gs'" },
        { "L21", ["-i", "s3://a/b|bogus", "true"], "unsupported action" },
        { "L22", ["-r", "s3://b/x.tgz|untar|mv:sub", "true"], "cannot be combined" },
        { "L25", ["-b", "a/b", "true"], "batch 'a/b'" },
        { "L29", ["-t", "-i", "ftp//wrong", "cmd"], "Did you mean ftp://wrong" },
        { "L30 natively", ["--"], "no command" },
        { "L32", ["--retry", "-1", "true"], "retry -1 is not between" },
        { "L33", ["--run-timeout", "0", "true"], "is not a positive duration" },
        { "L33 download", ["--download-timeout", "2h30", "true"], "is not a positive duration" },
        { "Q34", ["--foo", "bar"], "unknown option --foo" },
        { "mistyped", ["--bacth", "x", "true"], "did you mean --batch?" },
        { "unknown letter", ["-b", "x", "-Z", "true"], "unknown option -Z" },
        { "twice", ["-b", "x", "-b", "y", "true"], "option -b was set twice" },
        { "empty image", ["--docker=", "true"], "image ''" },
        { "image that looks like an option", ["-d", "--privileged", "true"], "is not an image name" },
        { "order of the defects", ["-o", "x", "-r", "y", "-i", "z", "true"], "input 'z'" },
        { "a switch with a value", ["--test=yes", "true"], "takes no value" },
        { "environment", ["-e", "NOVALUE", "true"], "is not NAME=VALUE" },
        { "task id", ["--task-id", "12", "true"], "is not a GUID" },
        { "server", ["-s", "gopher://x", "true"], "is not a server address" },
        { "unclosed docker option", ["-d", "img", "-O", "-e 'A", "true"], "cannot be split" },
    };

    /// <summary>Command lines and the exact line of -t.</summary>
    public static TheoryData<string, string[], string> Accepted => new()
    {
        { "Q31", ["sh", "-c", "echo $CPU"], "sh -c 'echo $CPU'" },
        { "Q33", ["echo", "-n", "hi"], "echo -n hi" },
        { "Q13", ["printf", "[%s]", "a", "", "b"], "printf '[%s]' a '' b" },
        { "Q16", ["echo", "say \"hi\" to it's"], "echo 'say \"hi\" to it'\\''s'" },
        { "Q19", ["echo", "a\\b"], "echo 'a\\b'" },
        { "Q21", ["echo", "a\tb"], "echo 'a\tb'" },
        { "Q34 after the end of options", ["--", "--foo", "bar"], "--foo bar" },
        { "L7", ["-d", "i", "-u", "5", "echo", "a"], "echo a" },
        { "L12", ["-R", "1, 2", "true"], "true" },
        { "L15", ["-i", "", "-i", "  ", "true"], "true" },
        { "L24", ["-o", "s3://b/x", "true"], "true" },
        { "L30", ["-d", "img", "--"], "" },
        { "a command's own options", ["mycommand", "--myoption", "myarg"], "mycommand --myoption myarg" },
        { "the command's options are not ours", ["-b", "x", "mycommand", "-b", "inner", "--help"], "mycommand -b inner --help" },
        { "a list option takes one value", ["-i", "s3://a/1", "sh", "-c", "ls"], "sh -c ls" },
        { "equals in a value", ["--env=A=1", "cmd"], "cmd" },
        { "a dash in a value", ["-n", "-weird", "cmd"], "cmd" },
        { "bundled", ["-vb", "x", "cmd", "-v"], "cmd -v" },
        { "glued", ["-bx", "cmd"], "cmd" },
        { "a lone dash is a word", ["-", "x"], "- x" },
        { "docker options", ["-O", "--gpus all", "-d", "img", "nvidia-smi"], "nvidia-smi" },
        { "shell", ["--shell", "echo", "$CPU"], "sh -c 'echo $CPU'" },
        { "an alias", ["--dry-run", "cmd"], "cmd" },
    };

    [Theory(Timeout = 60_000), MemberData(nameof(Refused))]
    public async Task A_wrong_command_line_is_one_message_and_exit_code_2(string id, string[] args, string expected)
    {
        var run = await ToolRun.Launch(args);
        Assert.True(run.Code == 2, $"{id}: exit {run.Code}: {run.Error}");
        Assert.Contains(expected, run.Error);
        Assert.StartsWith("scitq-launch: ", run.Error);
        Assert.Empty(run.Out);
    }

    [Theory(Timeout = 60_000), MemberData(nameof(Accepted))]
    public async Task Test_prints_the_command_as_typed_and_nothing_else(string id, string[] args, string expected)
    {
        var run = await ToolRun.Launch(["-t", .. args]);
        Assert.True(run.Code == 0, $"{id}: exit {run.Code}: {run.Error}");
        Assert.Equal($"Command that would be sent: {expected}", run.Out.Split("\n  batch")[0].TrimEnd('\n'));
    }

    [Fact(Timeout = 60_000)]
    public async Task Help_is_on_stdout_within_100_columns_and_names_every_option()
    {
        var run = await ToolRun.Launch("--help");
        Assert.Equal(0, run.Code);
        Assert.All(LaunchOptions.All, o => Assert.Contains($"--{o.Long}", run.Out));
        Assert.All(run.Out.Split('\n'), line => Assert.True(line.Length <= 100, line));
    }

    [Fact(Timeout = 60_000)]
    public async Task Options_become_the_task_that_json_shows()
    {
        var run = await ToolRun.Launch("-t", "--json", "-b", "b1", "-n", "", "-d", "ubuntu:22.04", "-O", "-e 'A=b c' --gpus all", "-u", "5", "-i",
            "s3://a/1 s3://a/2", "-i", "file:///x",
            "-r", "s3://b/x.tgz|untar", "-o", "s3://b/x", "-R", "1, 2", "-R", "3 4", "--retry", "1", "--retry", "2", "--run-timeout", "2h30m",
            "--download-timeout", "900", "-e", "A=x=y", "cmd");
        Assert.True(run.Code == 0, run.Error);
        var spec = JsonSerializer.Deserialize<TaskSpec>(run.Out, ScitqJson.Rest)!;
        Assert.Equal(["cmd"], spec.Argv);
        Assert.Equal("b1", spec.Batch);
        Assert.Null(spec.Name);
        Assert.Equal(["-e", "A=b c", "--gpus", "all"], spec.DockerOptions.Words);
        Assert.Equal((5, null), (spec.Uid, spec.Gid));
        Assert.Equal(["s3://a/1", "s3://a/2", "file:///x"], spec.Inputs.Select(u => u.Text));
        Assert.Equal(["s3://b/x.tgz|untar"], spec.Resources.Select(u => u.Text));
        Assert.Equal(["1", "2", "3", "4"], spec.Requirements);
        Assert.Equal((2, 9000, 900), (spec.Retry, spec.RunTimeout, spec.DownloadTimeout));
        Assert.Equal("x=y", spec.Env["A"]);
    }

    [Fact]
    public void Every_member_of_a_task_travels()
    {
        var spec = new TaskSpec
        {
            Argv = ["printf", "[%s]", "", "é\n\t\"'\\"], Batch = "b", Name = "n", Image = "img", DockerOptions = DockerRunOptions.Read(["--init"]), Uid = 1,
            Gid = 2, Inputs = [DataUri.Parse("file:///a")], Resources = [DataUri.Parse("file:///b")],
            Output = DataUri.Parse("file:///c"), Retry = 3, RunTimeout = 4, DownloadTimeout = 5, Requirements = ["6"],
            Env = new Dictionary<string, string> { ["K"] = "v" },
        };
        var id = Guid.NewGuid();
        using var json = JsonDocument.Parse(SpecJson.Submission(new SubmitTask { TaskId = id, Spec = spec }));
        Assert.Equal(id, json.RootElement.GetProperty("id").GetGuid());
        var back = json.RootElement.Deserialize<TaskSpec>(ScitqJson.Rest)!;
        Assert.Equal(JsonSerializer.Serialize(spec, ScitqJson.Rest), JsonSerializer.Serialize(back, ScitqJson.Rest));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("900", 900), InlineData("15m", 900), InlineData("2h30m", 9000), InlineData("1d", 86400), InlineData("90s", 90)]
    public async Task Durations_are_seconds_or_units(string text, int seconds)
    {
        var run = await ToolRun.Launch("-t", "--json", "--run-timeout", text, "cmd");
        Assert.Equal(seconds, JsonSerializer.Deserialize<TaskSpec>(run.Out, ScitqJson.Rest)!.RunTimeout);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_single_word_with_a_space_gets_a_note()
    {
        var run = await ToolRun.Launch("-t", "echo $CPU");
        Assert.Equal(0, run.Code);
        Assert.Contains("which will be looked up as a program name", run.Error);
        Assert.Contains("scitq-launch sh -c 'echo $CPU'", run.Error);
    }
}
