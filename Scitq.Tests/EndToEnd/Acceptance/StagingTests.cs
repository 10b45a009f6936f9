using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>What tasks find of their inputs and resources, and what becomes of their output, without docker and in it.</summary>
[Trait("Level", "EndToEnd")]
public abstract class StagingTests(ScitqSystem system, Samples samples)
{
    protected const string ListResources = "cd $RESOURCE && find . -type f | sort";

    [Fact(Timeout = 120_000), Trait("Id", "I19")]
    public async Task I19_An_archive_and_its_content_are_two_resources_at_once() =>
        Assert.Equal("./db.tar\n./in/two\n./one\n", await RunAsync(ListResources, "-r", At("db.tar|untar"), "-r", At("db.tar")));

    [Fact(Timeout = 120_000), Trait("Id", "I24")]
    public async Task I24_A_changed_resource_is_new_for_new_tasks_and_the_same_for_those_that_run()
    {
        var (name, go) = ($"changing-{Guid.NewGuid():N}", system.Folder[$"go-{Guid.NewGuid():N}"]);
        await samples.PutAsync(name, "old");
        var id = (await system.LaunchAsync("-r", At(name), "sh", "-c", $"until test -e {go}; do sleep 0.1; done; cat $RESOURCE/{name}")).TaskId;
        await system.TaskAsync(id, "running");
        await samples.PutAsync(name, "newer");
        // A source that was asked for a moment ago is not asked again.
        await Eventually.Async(async () => (await system.FollowAsync("-r", At(name), "sh", "-c", $"cat $RESOURCE/{name}"))
            .Success() == "newer", "a new task sees the change", TimeSpan.FromSeconds(30));
        await File.WriteAllTextAsync(go, "");
        await system.TaskAsync(id, "succeeded");
        Assert.Equal("old", (await system.ManageAsync("task", "logs", $"{id}")).Success());
    }

    [Fact(Timeout = 120_000)]
    public async Task Of_inputs_of_one_name_the_last_one_is_there_and_its_user_is_told()
    {
        await samples.PutAsync("once/same", "first");
        await samples.PutAsync("again/same", "second");
        foreach (var (one, other, text) in ((string, string, string)[])[("once", "again", "second"), ("again", "once", "first")])
            Assert.Equal(text, await RunAsync("cat $INPUT/same", "-i", At($"{one}/same"), "-i", At($"{other}/same")));
        Assert.Equal("first\nsecond", await RunAsync("cat $INPUT/same; echo; cat $INPUT/b/same", "-i", At("once/same"), "-i", At("again/same|mv:b")));
        var run = await system.FollowAsync("-i", At("once/same"), "-i", At("again/same"), "true");
        Assert.Contains("inputs of one name", (await system.TaskAsync(run.TaskId)).GetProperty("attempts")[0].GetProperty("warnings").ToString());
    }

    [Fact(Timeout = 120_000), Trait("Id", "E12")]
    public async Task E12_What_is_no_file_is_not_sent_to_the_store()
    {
        var output = $"out-{Guid.NewGuid():N}";
        await RunAsync(
            "cd $OUTPUT; echo 1 >'a b.txt'; echo 2 >.hidden; : >nothing; mkdir empty sub; echo 4 >sub/x; ln -s /etc/passwd link; ln -s . loop; mkfifo fifo",
            "-o", At(output));
        Assert.Equal(new Dictionary<string, string> { ["a b.txt"] = "1\n", [".hidden"] = "2\n", ["nothing"] = "", ["sub/x"] = "4\n" },
            await samples.ReadAsync(output));
    }

    [Fact(Timeout = 120_000)]
    public async Task What_a_failed_command_leaves_is_delivered_too()
    {
        var output = $"out-{Guid.NewGuid():N}";
        Assert.Equal(3, (await system.FollowAsync("-o", At(output) + "/", "sh", "-c", "echo partial >$OUTPUT/x; exit 3")).Code);
        Assert.Equal("partial\n", (await samples.ReadAsync(output))["x"]);
    }

    protected Samples Data => samples;

    protected string At(string name) => $"{samples.Root}/{name}";

    /// <summary>What the script prints, which is the same without docker and in it.</summary>
    protected async Task<string> RunAsync(string script, params string[] options)
    {
        TestEnvironment.Required("SCITQ_TEST_DOCKER");
        var runs = await Task.WhenAll(
            system.FollowAsync([.. options, "sh", "-c", $"export LC_ALL=C; {script}"]),
            system.FollowAsync(["-d", DockerFixture.Image, .. options, "sh", "-c", script]));
        Assert.Equal(runs[0].Success(), runs[1].Success());
        return runs[0].Out;
    }
}

/// <summary>On S3, through RabbitMQ and PostgreSQL.</summary>
public sealed class S3StagingTests(ServerSystem system, S3Samples samples) : StagingTests(system, samples), IClassFixture<S3Samples>;

/// <summary>On Azure, in one process; with the rest of what is asked of names and actions, which the tests of inputs ask of S3.</summary>
public sealed class AzureStagingTests(EmbeddedSystem system, AzureSamples samples) : StagingTests(system, samples), IClassFixture<AzureSamples>
{
    private const string ListInputs = "cd $INPUT && find . -type f | sort";

    [Fact(Timeout = 120_000), Trait("Id", "I3")]
    public async Task I3_A_folder_is_fetched_with_and_without_its_slash_and_not_its_namesakes()
    {
        foreach (var folder in new[] { "d/", "d" })
            Assert.Equal("./sub/y.txt\n./x.txt\n", await RunAsync(ListInputs, "-i", At(folder)));
    }

    [Theory(Timeout = 120_000)]
    [InlineData("x.txt.gz|gunzip", "./x.txt\n"), Trait("Id", "I7")]
    [InlineData("db.tar|untar", "./in/two\n./one\n"), Trait("Id", "I9")]
    [InlineData("db.tar.gz|untar", "./in/two\n./one\n")]
    [InlineData("db.zip|unzip", "./in/two\n./one\n"), Trait("Id", "I10")]
    [InlineData("d/x.txt|mv:sub", "./sub/x.txt\n"), Trait("Id", "I12")]
    [InlineData("d/x.txt|mv:sub/", "./sub/x.txt\n"), Trait("Id", "I13")]
    [InlineData("d/|mv:sub", "./sub/sub/y.txt\n./sub/x.txt\n")]
    [InlineData("d/x.txt|mv:./sub/", "./sub/x.txt\n"), Trait("Id", "I15")]
    public async Task Actions_leave_the_same_of_an_input_and_of_a_resource(string data, string files)
    {
        Assert.Equal(files, await RunAsync(ListResources, "-r", At(data)));
        Assert.Equal(files, await RunAsync(ListInputs, "-i", At(data)));
    }

    [Fact(Timeout = 120_000), Trait("Id", "I39")]
    public async Task I39_Slips_of_scripts_in_a_path_do_no_harm()
    {
        foreach (var path in new[] { "a//b.txt", "a/./b.txt", "a/.//./b.txt" })
        {
            Assert.Equal("ab", await RunAsync("cat $INPUT/b.txt", "-i", At(path)));
            Assert.Equal("ab", await RunAsync("cat $RESOURCE/b.txt", "-r", At(path)));
        }
    }

    [Fact(Timeout = 120_000), Trait("Id", "I40")]
    public async Task I40_Names_of_any_kind_come_in_and_go_out_as_they_are()
    {
        var output = $"out-{Guid.NewGuid():N}";
        var names = await RunAsync("cp -r $INPUT/* $OUTPUT; " + ListInputs, "-i", At("odd/"), "-o", At(output));
        Assert.Equal(Samples.OddNames.Order(StringComparer.Ordinal), names.TrimEnd('\n').Split('\n').Select(n => n[2..]).Order(StringComparer.Ordinal));
        Assert.Equal(Samples.OddNames.ToDictionary(n => n), await Data.ReadAsync(output));
    }
}
