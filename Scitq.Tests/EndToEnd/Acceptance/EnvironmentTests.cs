using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd.Acceptance;

/// <summary>What a command finds around it, and what becomes of what it leaves.</summary>
[Trait("Level", "EndToEnd")]
public abstract class EnvironmentTests(ScitqSystem system)
{
    protected ScitqSystem Shared => system;

    [Fact(Timeout = 120_000), Trait("Id", "E1")]
    public async Task E1_Directories_are_absolute_without_a_final_slash()
    {
        var paths = (await system.FollowAsync("sh", "-c", "echo $INPUT; echo $OUTPUT; echo $RESOURCE; echo $TEMP")).Success().TrimEnd('\n').Split('\n');
        Assert.All(paths, path => Assert.StartsWith(system.WorkDirectory, path));
        Assert.Equal(["input", "output", "resource", "tmp"], paths.Select(Path.GetFileName));
    }

    [Fact(Timeout = 120_000), Trait("Id", "E3")]
    public async Task E3_The_environment_has_the_tasks_variables_and_no_secret()
    {
        var names = (await system.FollowAsync("-e", "MINE=1", "env")).Success().Split('\n').Select(line => line.Split('=')[0]).ToHashSet();
        Assert.Superset(new HashSet<string> { "CPU", "INPUT", "OUTPUT", "RESOURCE", "TEMP", "PATH", "HOME", "MINE" }, names);
        Assert.DoesNotContain(names, name => name is "SCITQ_BUS" or "SCITQ_DATABASE" or "SCITQ_TOKEN" or "DOCKER_HOST"
            || name.StartsWith("DOTNET_", StringComparison.Ordinal) || name.StartsWith("AWS_", StringComparison.Ordinal)
            || name.StartsWith("AZURE_", StringComparison.Ordinal) || name.StartsWith("SCITQ_TEST", StringComparison.Ordinal));
    }

    [Fact(Timeout = 120_000), Trait("Id", "E4")]
    public async Task E4_A_program_of_usr_local_bin_is_found_by_its_name()
    {
        if (!Environment.IsPrivilegedProcess) TestEnvironment.Missing("The tests do not run as root");
        var program = Path.Combine("/usr/local/bin", $"scitq-test-{Guid.NewGuid():N}");
        await File.WriteAllTextAsync(program, "#!/bin/sh\necho found\n");
        File.SetUnixFileMode(program, (UnixFileMode)0b111_101_101);
        try
        {
            Assert.Equal("found\n", (await system.FollowAsync(Path.GetFileName(program))).Success());
        }
        finally
        {
            File.Delete(program);
        }
    }

    [Fact(Timeout = 120_000), Trait("Id", "E6")]
    public async Task E6_In_a_container_resources_are_read_only()
    {
        var file = await FileAsync("E6", "shared");
        var run = await DockerAsync("-r", file, "sh", "-c", "cat /resource/shared; touch /resource/x");
        Assert.NotEqual(0, run.Code);
        Assert.Contains("Read-only file system", run.Error);
        Assert.Contains("E6", run.Out);
    }

    [Fact(Timeout = 120_000), Trait("Id", "E7")]
    public async Task E7_What_a_native_command_does_to_a_resource_is_not_seen_by_others()
    {
        var file = await FileAsync("original", "E7");
        await system.FollowAsync("-r", file, "sh", "-c", "echo changed >$RESOURCE/E7; rm -f $RESOURCE/E7; echo changed >$RESOURCE/E7; true");
        Assert.Equal("original", (await system.FollowAsync("-r", file, "sh", "-c", "cat $RESOURCE/E7")).Success());
    }

    [Fact(Timeout = 120_000), Trait("Id", "E9")]
    public async Task E9_An_empty_output_is_a_success()
    {
        var output = OutputFolder();
        (await system.FollowAsync("-o", $"file://{output}", "true")).Success();
        Assert.True(!Directory.Exists(output) || Directory.GetFileSystemEntries(output).Length == 0);
    }

    [Fact(Timeout = 120_000), Trait("Id", "E10")]
    public async Task E10_Without_an_output_folder_files_go_with_the_work_directory()
    {
        var directory = (await system.FollowAsync("sh", "-c", "echo x >$OUTPUT/x; echo $OUTPUT")).Success().TrimEnd('\n');
        await Eventually.Async(() => !Directory.Exists(Path.GetDirectoryName(directory)), $"{directory} is gone");
    }

    [Fact(Timeout = 120_000), Trait("Id", "E12")]
    public async Task E12_Files_of_any_name_are_delivered_and_what_is_no_file_is_skipped_with_a_warning()
    {
        var output = OutputFolder();
        var run = await system.FollowAsync("-o", $"file://{output}/", "sh", "-c",
            "cd $OUTPUT; echo 1 >'a b.txt'; echo 2 >.hidden; echo 3 >é; mkdir empty sub; echo 4 >sub/x; ln -s x link; mkfifo fifo");
        run.Success();
        Assert.Equal([".hidden", "a b.txt", "sub/x", "é"], Directory.GetFiles(output, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(output, f)).Order(StringComparer.Ordinal));
        var attempt = (await system.TaskAsync(run.TaskId)).GetProperty("attempts")[0];
        var warnings = attempt.GetProperty("warnings").ToString();
        Assert.Contains("link", warnings);
        Assert.Contains("fifo", warnings);
        Assert.Equal([".hidden", "a b.txt", "sub/x", "é"], attempt.GetProperty("outputs").EnumerateArray().Select(f => f.GetProperty("name").GetString()!)
            .Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = 120_000), Trait("Id", "E13")]
    public async Task E13_A_file_without_permissions_is_delivered_by_root()
    {
        if (!Environment.IsPrivilegedProcess) TestEnvironment.Missing("The tests do not run as root");
        var output = OutputFolder();
        (await system.FollowAsync("-o", $"file://{output}", "sh", "-c", "echo closed >$OUTPUT/closed; chmod 000 $OUTPUT/closed")).Success();
        Assert.Equal("closed\n", await File.ReadAllTextAsync(Path.Combine(output, "closed")));
    }

    [Fact(Timeout = 120_000), Trait("Id", "E15")]
    public async Task E15_One_file_that_cannot_be_delivered_fails_the_task_and_the_others_are_there()
    {
        var output = OutputFolder();
        Directory.CreateDirectory(Path.Combine(output, "f5", "in-the-way"));
        var run = await system.FollowAsync("-o", $"file://{output}", "sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do echo $i >$OUTPUT/f$i; done");
        Assert.NotEqual(0, run.Code);
        var task = await system.TaskAsync(run.TaskId, "failed");
        Assert.Equal("upload", task.GetProperty("failure_class").GetString());
        Assert.Contains("f5", task.GetProperty("reason").GetString());
        Assert.Equal(["f1", "f10", "f2", "f3", "f4", "f6", "f7", "f8", "f9"], Directory.GetFiles(output).Select(f => Path.GetFileName(f)!)
            .Order(StringComparer.Ordinal));
    }

    [Fact(Timeout = 120_000), Trait("Id", "E16")]
    public async Task E16_A_containers_tmp_is_in_the_work_directory_and_goes_with_it()
    {
        var go = $"go-{Guid.NewGuid():N}";
        TestEnvironment.Required("SCITQ_TEST_DOCKER");
        var id = (await system.LaunchAsync("-d", DockerFixture.Image, "sh", "-c",
            $"echo mine >/tmp/{go}; until test -e /tmp/{go}.end; do sleep 0.1; done")).TaskId;
        await system.TaskAsync(id, "running");
        var file = await Eventually.GetAsync(() =>
            Task.FromResult(Directory.EnumerateFiles(system.WorkDirectory, go, SearchOption.AllDirectories).FirstOrDefault()), $"{go} in the work directory");
        await File.WriteAllTextAsync(file + ".end", "");
        await system.TaskAsync(id, "succeeded");
        await Eventually.Async(() => !File.Exists(file), $"{file} is gone");
    }

    [Fact(Timeout = 120_000), Trait("Id", "E18")]
    public async Task E18_A_worker_without_a_data_directory_mounts_none()
    {
        if (Directory.Exists("/data")) Assert.Skip("This machine has /data.");
        Assert.Equal("none\n", (await DockerAsync("sh", "-c", "test -e /data || echo none")).Success());
    }

    [Fact(Timeout = 120_000)]
    public async Task In_a_container_the_directories_are_at_the_root_and_have_the_same_variables()
    {
        var file = await FileAsync("in", "x");
        var output = OutputFolder();
        var run = await DockerAsync("-i", file, "-o", $"file://{output}", "sh", "-c", "cat /input/x; echo out >/output/y; echo $INPUT $OUTPUT $RESOURCE $TEMP");
        Assert.Equal("in/input /output /resource /tmp\n", run.Success());
        Assert.Equal("out\n", await File.ReadAllTextAsync(Path.Combine(output, "y")));
    }

    private Task<ToolOutput> DockerAsync(params string[] arguments)
    {
        TestEnvironment.Required("SCITQ_TEST_DOCKER");
        return system.FollowAsync(["-d", DockerFixture.Image, .. arguments]);
    }

    protected string OutputFolder() => system.Folder[$"out-{Guid.NewGuid():N}"];

    private async Task<string> FileAsync(string text, string name)
    {
        var path = Path.Combine(Directory.CreateDirectory(system.Folder[$"in-{Guid.NewGuid():N}"]).FullName, name);
        await File.WriteAllTextAsync(path, text);
        return $"file://{path}";
    }
}

/// <summary>In one process.</summary>
public sealed class EmbeddedEnvironmentTests(EmbeddedSystem system) : EnvironmentTests(system)
{
    // Once is enough: it is the disk that takes the time.
    [Fact(Timeout = 360_000), Trait("Id", "E19")]
    public async Task E19_A_file_of_more_than_2_GB_and_one_of_no_byte_are_delivered()
    {
        const long Length = 2_147_483_649;
        var output = OutputFolder();
        (await Shared.FollowAsync("-o", $"file://{output}", "sh", "-c", $"truncate -s {Length} $OUTPUT/big; : >$OUTPUT/nothing")).Success();
        Assert.Equal(Length, new FileInfo(Path.Combine(output, "big")).Length);
        Assert.Equal(0, new FileInfo(Path.Combine(output, "nothing")).Length);
        File.Delete(Path.Combine(output, "big"));
    }
}

/// <summary>Through RabbitMQ and PostgreSQL.</summary>
public sealed class ServerEnvironmentTests(ServerSystem system) : EnvironmentTests(system);
