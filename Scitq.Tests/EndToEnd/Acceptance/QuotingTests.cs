using System.Net;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>What the words typed in a shell become, from there to the command's output. Each line is run by bash as it stands.</summary>
[Trait("Level", "EndToEnd")]
public abstract class QuotingTests(ScitqSystem system)
{
    public static IEnumerable<TheoryDataRow<string, string>> Lines =>
    [
        Row("Q1", "scitq-launch echo 'Hello world!'", "Hello world!\n"),
        Row("Q3", "scitq-launch echo '$CPU'", "$CPU\n"),
        Row("Q6", "scitq-launch sh -c 'echo $CPU'", "1\n"),
        Row("Q9", "TEST=2; scitq-launch sh -c 'TEST=1; echo $TEST'", "1\n"),
        Row("Q9 expanded by the submitter", "TEST=2; scitq-launch sh -c \"TEST=1; echo $TEST\"", "2\n"),
        Row("Q10", "VAR=x; scitq-launch echo \"hello $VAR\"", "hello x\n"),
        Row("Q12", "scitq-launch printf '%s.' a 'b c' d", "a.b c.d."),
        Row("Q13", "scitq-launch printf '[%s]' a '' b", "[a][][b]"),
        Row("Q15", "scitq-launch echo \"it's ok\"", "it's ok\n"),
        Row("Q16", "scitq-launch echo 'say \"hi\" to it'\\''s'", "say \"hi\" to it's\n"),
        Row("Q18", "scitq-launch echo \"\\\"\\\\\\\"l'avion\\\\\\\"\\\"\"", "\"\\\"l'avion\\\"\"\n"),
        Row("Q18 as it is meant", "scitq-launch echo \"\\\"l'avion\\\"\"", "\"l'avion\"\n"),
        Row("Q19", "scitq-launch echo 'a\\b'", "a\\b\n"),
        Row("Q21", "scitq-launch echo $'a\\tb'", "a\tb\n"),
        Row("Q22", "scitq-launch sh -c $'echo 1\\necho 2'", "1\n2\n"),
        Row("Q24", "scitq-launch echo a '|' wc", "a | wc\n"),
        Row("Q25", "scitq-launch echo '*'", "*\n"),
        Row("Q27", "scitq-launch echo '~'", "~\n"),
        Row("Q28", "scitq-launch sh -c 'echo \"a\" '\\''b c'\\'''", "a b c\n"),
        Row("Q30", "scitq-launch echo a   b", "a b\n"),
        Row("Q30 quoted", "scitq-launch echo 'a   b'", "a   b\n"),
        Row("Q33", "scitq-launch echo -n hi", "hi"),
        Row("Q37", "scitq-launch --shell \"printf 'x y\\n' | awk '{print \\$1}'\"", "x\n"),
    ];

    public static IEnumerable<TheoryDataRow<string, string>> DockerLines =>
    [
        Row("Q1 in docker", "scitq-launch -d IMAGE echo 'Hello world!'", "Hello world!\n"),
        Row("Q3 in docker", "scitq-launch -d IMAGE echo '$CPU'", "$CPU\n"),
        Row("Q6 in docker", "scitq-launch -d IMAGE sh -c 'echo $CPU'", "1\n"),
        Row("Q13 in docker", "scitq-launch -d IMAGE printf '[%s]' a '' b", "[a][][b]"),
        Row("Q16 in docker", "scitq-launch -d IMAGE echo 'say \"hi\" to it'\\''s'", "say \"hi\" to it's\n"),
        Row("Q21 in docker", "scitq-launch -d IMAGE echo $'a\\tb'", "a\tb\n"),
        Row("Q25 in docker", "scitq-launch -d IMAGE echo '*' '~' 'a   b'", "* ~ a   b\n"),
    ];

    [Theory(Timeout = 120_000), MemberData(nameof(Lines))]
    public async Task A_line_typed_in_bash_gives_the_output_that_its_words_mean(string line, string expected) =>
        Assert.Equal(expected, (await system.BashAsync(line)).Success());

    [Theory(Timeout = 120_000), MemberData(nameof(DockerLines))]
    public async Task And_the_same_in_a_container(string line, string expected)
    {
        TestEnvironment.Required("SCITQ_TEST_DOCKER");
        Assert.Equal(expected, (await system.BashAsync(line.Replace("IMAGE", DockerFixture.Image, StringComparison.Ordinal))).Success());
    }

    [Fact(Timeout = 120_000), Trait("Id", "Q4")]
    public async Task Q4_A_command_of_one_word_with_a_space_is_looked_up_as_a_program()
    {
        var run = await system.FollowAsync("echo $CPU");
        Assert.NotEqual(0, run.Code);
        Assert.Matches("scitq: .*'echo \\$CPU' was not found", run.Error);
        Assert.Contains("note: the command is the single word 'echo $CPU'", run.Error);
        var task = await system.TaskAsync(run.TaskId, "failed");
        Assert.Equal("start", task.GetProperty("failure_class").GetString());
        Assert.Contains("echo $CPU", task.GetProperty("reason").GetString());
    }

    [Fact(Timeout = 120_000), Trait("Id", "Q38")]
    public async Task Q38_A_command_of_several_lines_reaches_the_shell_as_it_is()
    {
        var (status, task) = await system.PostAsync("tasks", """{"argv":["sh","-c","\ncd /\nfor s in et*\ndo echo ${s}\ndone\n"]}""");
        Assert.Equal(HttpStatusCode.Created, status);
        var number = task.GetProperty("task_id").GetInt64();
        await system.TaskAsync(number, "succeeded");
        Assert.Equal("etc\n", (await system.ManageAsync("task", "logs", "-i", $"{number}")).Success());
    }

    private static TheoryDataRow<string, string> Row(string id, string line, string expected)
    {
        var row = new TheoryDataRow<string, string>(line, expected) { TestDisplayName = $"{id}: {line}" };
        row.Traits["Id"] = [id.Split(' ')[0]];
        return row;
    }
}

/// <summary>In one process.</summary>
public sealed class EmbeddedQuotingTests(EmbeddedSystem system) : QuotingTests(system);

/// <summary>Through RabbitMQ and PostgreSQL.</summary>
public sealed class ServerQuotingTests(ServerSystem system) : QuotingTests(system);
