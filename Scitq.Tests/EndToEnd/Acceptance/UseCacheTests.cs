using System.Text.Json;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>--use-cache: what was done before is not done again, and if it is, it is said why.</summary>
[Trait("Level", "EndToEnd")]
public abstract class UseCacheTests(ScitqSystem system)
{
    private readonly string _folder = Directory.CreateDirectory(system.Folder[$"cache-{Guid.NewGuid():N}"]).FullName;

    [Fact(Timeout = 120_000)]
    public async Task An_identical_task_is_not_run_and_its_outputs_are_where_they_are_wanted()
    {
        var input = Write("in/reads.txt", "one\n");
        var first = await RunAsync("out1", input);
        Assert.Equal(1, Runs());

        // The same data elsewhere: its name, size and date tell that it is the same.
        Directory.CreateDirectory(Path.Combine(_folder, "copy"));
        var copy = Path.Combine(_folder, "copy", "reads.txt");
        File.Copy(input, copy);
        File.SetLastWriteTimeUtc(copy, File.GetLastWriteTimeUtc(input));
        var second = await RunAsync("out2", copy);
        Assert.Equal(1, Runs());
        Assert.Equal((first.GetProperty("task_id").GetInt64(), 0), (second.GetProperty("cached_from").GetInt64(), second.GetProperty("exit_code").GetInt32()));
        Assert.Equal(File.ReadAllText(Path.Combine(_folder, "out1", "sub", "lines")), File.ReadAllText(Path.Combine(_folder, "out2", "sub", "lines")));
        Assert.Equal(first.GetProperty("attempts")[0].GetProperty("outputs").GetRawText(), second.GetProperty("attempts")[0].GetProperty("outputs")
            .GetRawText());
        var id = $"{second.GetProperty("task_id")}";
        Assert.Contains("not run: task", (await system.ManageAsync("task", "logs", "-e", id)).Success());
        Assert.Contains($"\"cached_from\":{first.GetProperty("task_id")}", (await system.ManageAsync("task", "show", "--json", id)).Success());

        // Wanted where they are, nothing is copied; and a task that is relaunched runs.
        var third = await RunAsync("out1", input);
        Assert.Equal((1, 0L), (Runs(), third.GetProperty("attempts")[0].GetProperty("bytes_out").GetInt64()));
        (await system.ManageAsync("task", "relaunch", id)).Success();
        (await system.ManageAsync("task", "wait", id)).Success();
        Assert.Equal(2, Runs());

    }

    [Fact(Timeout = 120_000)]
    public async Task A_task_that_differs_runs_and_says_in_what()
    {
        var input = Write("in/reads.txt", "one\n");
        var first = await RunAsync("out1", input);
        Write("in/reads.txt", "one\ntwo\n");
        var second = await RunAsync("out2", input);
        Assert.Equal(2, Runs());
        Assert.Equal($"input file://{input} has another size than in task {first.GetProperty("task_id")}", second.GetProperty("not_reused").GetString());
        Assert.Contains("has another size", (await system.ManageAsync("task", "show", $"{second.GetProperty("task_id")}", "--format", "csv")).Success());
        Assert.Contains("environment is not that of task", (await RunAsync("out3", input, "-e", "A=b")).GetProperty("not_reused").GetString());
    }

    [Fact(Timeout = 120_000)]
    public async Task Outputs_that_were_changed_are_not_taken()
    {
        var input = Write("in/reads.txt", "one\n");
        var first = await RunAsync("out1", input);
        Write("out1/sub/lines", "8\n");                 // as long as what was delivered
        var second = await RunAsync("out2", input);
        Assert.Equal(2, Runs());
        Assert.Equal(JsonValueKind.Null, second.GetProperty("cached_from").ValueKind);
        Assert.Contains($"outputs of task {first.GetProperty("task_id")} can't be taken", second.GetProperty("not_reused").GetString());
        Assert.Equal("1\n", File.ReadAllText(Path.Combine(_folder, "out2", "sub", "lines")));
    }

    private int Runs() => File.ReadAllLines(Path.Combine(_folder, "runs")).Length;

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Counts the lines of its input, and its own runs; the task as it then is.</summary>
    private async Task<JsonElement> RunAsync(string output, string input, params string[] options)
    {
        var run = await system.LaunchAsync(
            ["--wait", "--use-cache", "-i", $"file://{input}", "-o", $"file://{_folder}/{output}/", .. options, "sh", "-c",
                $"echo run >>{_folder}/runs; mkdir $OUTPUT/sub; wc -l <$INPUT/reads.txt >$OUTPUT/sub/lines"]);
        run.Success();
        return await system.TaskAsync(run.TaskId);
    }
}

/// <summary>In one process.</summary>
public sealed class EmbeddedUseCacheTests(EmbeddedSystem system) : UseCacheTests(system);

/// <summary>Through RabbitMQ and PostgreSQL.</summary>
public sealed class ServerUseCacheTests(ServerSystem system) : UseCacheTests(system);
