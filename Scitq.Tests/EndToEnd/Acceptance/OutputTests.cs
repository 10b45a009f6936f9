using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>What becomes of a task's output, seen from the command line.</summary>
[Trait("Level", "EndToEnd")]
public abstract class OutputTests(ScitqSystem system)
{
    [Fact(Timeout = 120_000)]
    public async Task An_upload_that_failed_is_retried_without_running_the_task_again()
    {
        var (wall, runs) = (system.Folder[$"wall-{Guid.NewGuid():N}"], system.Folder[$"runs-{Guid.NewGuid():N}"]);
        Directory.CreateDirectory($"{wall}/out/b/in-the-way");
        var run = await system.LaunchAsync("--wait", "-o", $"file://{wall}/out/", "sh", "-c",
            $"echo run >>{runs}; echo hello; mkdir $OUTPUT/sub; printf abc >$OUTPUT/sub/a; printf d >$OUTPUT/b");
        Assert.Equal(125, run.Code);
        var id = $"{run.TaskId}";
        Assert.Contains($"retry-upload {id}", (await system.ManageAsync("task", "explain", id)).Success());
        Assert.Equal($"1 task would be delivered again: {id}\n", (await system.ManageAsync("task", "retry-upload", "--dry-run", id)).Success());

        Directory.Delete(wall, recursive: true);
        Assert.Equal($"Task {id} is being delivered again\n", (await system.ManageAsync("task", "retry-upload", id, "--reason", "mended")).Success());
        Assert.Equal(0, (await system.ManageAsync("task", "wait", id)).Code);
        Assert.Equal("run\n", await File.ReadAllTextAsync(runs));
        Assert.Equal("abc", await File.ReadAllTextAsync($"{wall}/out/sub/a"));
        Assert.Equal("hello\n", (await system.ManageAsync("task", "logs", id)).Success());

        const string Files = "path\tsize\tmd5\nb\t1\t8277e0910d750195b448797616e091ad\nsub/a\t3\t900150983cd24fb0d6963f7d28e17f72\n";
        Assert.Equal(Files, (await system.ManageAsync("task", "show", "--outputs", id)).Success());
        Assert.Equal(Files.Replace('\t', ','), (await system.ManageAsync("task", "show", id, "--outputs", "--format", "csv", "--attempt", "2")).Success());
        Assert.Contains("\"path\":\"sub/a\"", (await system.ManageAsync("task", "show", id, "--outputs", "--json")).Success());
        Assert.Equal("path\tsize\tmd5\n", (await system.ManageAsync("task", "show", id, "--outputs", "--attempt", "-1")).Success());
        Assert.Equal(3, (await system.ManageAsync("task", "show", id, "--outputs", "--attempt", "7")).Code);
        var refused = await system.ManageAsync("task", "retry-upload", id);
        Assert.Equal(6, refused.Code);
        Assert.Contains("it is succeeded", refused.Error);
    }

    [Fact(Timeout = 120_000)]
    public async Task An_upload_whose_output_was_cleaned_away_says_so()
    {
        var wall = system.Folder[$"wall-{Guid.NewGuid():N}"];
        Directory.CreateDirectory($"{wall}/out/x/in-the-way");
        var run = await system.LaunchAsync("--wait", "-o", $"file://{wall}/out/", "sh", "-c", "echo x >$OUTPUT/x");
        Assert.Equal(125, run.Code);
        string[] Kept() => Directory.GetDirectories(Path.Combine(system.WorkDirectory, "failed"), $"{run.TaskId}-*");
        await Eventually.Async(() => Kept().Length == 1, "the output is put aside");
        Directory.Delete(Kept()[0], recursive: true);
        (await system.ManageAsync("task", "retry-upload", $"{run.TaskId}")).Success();
        Assert.Equal(125, (await system.ManageAsync("task", "wait", $"{run.TaskId}")).Code);
        Assert.Contains("no longer has the output", (await system.TaskAsync(run.TaskId)).GetProperty("reason").GetString());
    }

    [Fact(Timeout = 120_000)]
    public async Task A_worker_is_paused_resumed_and_given_other_slots()
    {
        await Eventually.Async(async () => (await system.GetAsync("workers")).GetArrayLength() > 0, "the worker has registered", TimeSpan.FromSeconds(60));
        var name = (await system.GetAsync("workers")).EnumerateArray().First(w => w.GetProperty("batch").GetString() == "Default").GetProperty("name")
            .GetString()!;
        // For a moment, and never more slots than there are: other tests run meanwhile.
        var slots = (await system.GetAsync($"workers/{name}")).GetProperty("concurrency").GetInt32();
        Assert.Contains("is paused", (await system.ManageAsync("worker", "pause", name)).Success());
        Assert.Contains($"concurrency {slots - 1} ", (await system.ManageAsync("worker", "update", "-n", name, "-C", $"{slots - 1}", "-S", "running"))
            .Success());
        Assert.Contains($"concurrency {slots} ", (await system.ManageAsync("worker", "update", name, "-C", $"{slots}")).Success());
        Assert.Contains("serves batch", (await system.ManageAsync("worker", "resume", name)).Success());
        Assert.Equal(3, (await system.ManageAsync("worker", "pause", "nobody")).Code);
        Assert.Equal(2, (await system.ManageAsync("worker", "update", name, "-C", "many")).Code);
        (await system.LaunchAsync("--wait", "true")).Success();
    }
}

/// <summary>In one process.</summary>
public sealed class EmbeddedOutputTests(EmbeddedSystem system) : OutputTests(system);

/// <summary>Through RabbitMQ and PostgreSQL.</summary>
public sealed class ServerOutputTests(ServerSystem system) : OutputTests(system);
