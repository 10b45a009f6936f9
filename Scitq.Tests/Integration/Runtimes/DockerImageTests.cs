using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Scitq.Agent.Runtimes;
using Scitq.Contracts.Docker;
using Scitq.Contracts;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Runtimes;

/// <summary>Against Debian's docker-registry, with and without a password.</summary>
[Trait("Level", "Integration")]
[Collection("DOCKER_CONFIG")]
public sealed class DockerImageTests(DockerFixture docker) : IClassFixture<DockerFixture>, IAsyncLifetime
{
    private const int Limit = 120_000;

    private readonly TestFolder folder = new();
    private readonly int port = DockerFixture.FreePort();
    private readonly string? configBefore = Environment.GetEnvironmentVariable("DOCKER_CONFIG");
    private Process? registry;

    private string Host => $"127.0.0.1:{port}";

    public async ValueTask InitializeAsync()
    {
        TestEnvironment.Required("SCITQ_TEST_DOCKER");
        if (!File.Exists("/usr/bin/docker-registry") || !File.Exists("/usr/bin/htpasswd"))
            TestEnvironment.Missing("docker-registry and apache2-utils are not installed");
        using (var htpasswd = Process.Start(new ProcessStartInfo("htpasswd", ["-Bbc", folder["users"], "alice", "s3cret"]) { RedirectStandardError = true })!)
            await htpasswd.WaitForExitAsync();
        await File.WriteAllLinesAsync(folder["config.yml"],
        [
            "version: 0.1",
            "log: {level: error}",
            "storage: {filesystem: {rootdirectory: " + folder["data"] + "}}",
            "auth: {htpasswd: {realm: test, path: " + folder["users"] + "}}",
            "http: {addr: \"" + Host + "\"}",
        ]);
        registry = Process.Start(new ProcessStartInfo("docker-registry", ["serve", folder["config.yml"]])
            { RedirectStandardError = true, RedirectStandardOutput = true })!;
        registry.OutputDataReceived += (_, _) => { };
        registry.ErrorDataReceived += (_, _) => { };
        registry.BeginOutputReadLine();
        registry.BeginErrorReadLine();
        using var http = new HttpClient();
        await Eventually.Async(async () =>
        {
            try
            {
                return (await http.GetAsync($"http://{Host}/v2/")).StatusCode == System.Net.HttpStatusCode.Unauthorized;
            }
            catch (HttpRequestException)
            {
                return false;       // not listening yet
            }
        }, "the registry answers");
        Directory.CreateDirectory(folder["login"]);
        Directory.CreateDirectory(folder["none"]);
        await WriteConfigAsync("login", "s3cret");
        await docker.CliAsync("tag", DockerFixture.Image, $"{Host}/lab/tool:1");
        await docker.CliAsync("--config", folder["login"], "push", "-q", $"{Host}/lab/tool:1");
        await docker.CliAsync("rmi", $"{Host}/lab/tool:1");
    }

    public async ValueTask DisposeAsync()
    {
        Environment.SetEnvironmentVariable("DOCKER_CONFIG", configBefore);
        if (registry is not null)
        {
            registry.Kill();
            await registry.WaitForExitAsync();
            registry.Dispose();
        }

        folder.Dispose();
    }

    [Fact(Timeout = Limit)]
    public async Task An_image_is_pulled_once_with_the_workers_credentials_however_many_want_it()
    {
        Environment.SetEnvironmentVariable("DOCKER_CONFIG", folder["login"]);
        var runtime = docker.Runtime();
        var phases = new ConcurrentBag<string>();
        var runs = await Task.WhenAll(Enumerable.Range(0, 3)
            .Select(_ => runtime.StartAsync(Request("lab/tool:1"), phases.Add, TestContext.Current.CancellationToken)));
        foreach (var run in runs)
        {
            Assert.Equal(0, (await run.Exit).ExitCode);
            await run.DisposeAsync();
        }

        Assert.Contains(phases, p => p.StartsWith($"pulling {Host}/lab/tool:1", StringComparison.Ordinal));
        await docker.CliAsync("rmi", $"{Host}/lab/tool:1");
    }

    [Fact(Timeout = Limit)]
    public async Task A_credential_helper_is_asked()
    {
        await File.WriteAllTextAsync(folder["docker-credential-test"], "#!/bin/sh\nread server\n[ \"$1 $server\" = \"get " + Host
            + "\" ] && echo '{\"Username\":\"alice\",\"Secret\":\"s3cret\"}'\n");
        File.SetUnixFileMode(folder["docker-credential-test"], (UnixFileMode)0b111_101_101);
        await File.WriteAllTextAsync(Path.Combine(folder["none"], "config.json"), "{\"credHelpers\":{\"" + Host + "\":\"test\"}}");
        Environment.SetEnvironmentVariable("DOCKER_CONFIG", folder["none"]);
        var path = Environment.GetEnvironmentVariable("PATH");
        Environment.SetEnvironmentVariable("PATH", folder.Path + ":" + path);
        try
        {
            Assert.Equal(0, (await docker.RunAsync(Request("lab/tool:1"))).Exit.ExitCode);
        }
        finally
        {
            Environment.SetEnvironmentVariable("PATH", path);
            await docker.CliAsync("rmi", "-f", $"{Host}/lab/tool:1");
        }
    }

    [Theory(Timeout = Limit)]
    [InlineData("none", "lab/tool:1", "no basic auth credentials")]
    [InlineData("wrong", "lab/tool:1", "unauthorized")]
    [InlineData("login", "lab/tool:2", "manifest unknown")]
    [InlineData("login", "lab/nothing:1", "not")]
    public async Task An_image_that_can_not_be_had_fails_at_once_naming_image_and_registry(string config, string image, string said)
    {
        Directory.CreateDirectory(folder["wrong"]);
        await WriteConfigAsync("wrong", "guess");
        Environment.SetEnvironmentVariable("DOCKER_CONFIG", folder[config]);
        var since = Stopwatch.StartNew();
        var e = await Assert.ThrowsAsync<StartException>(() => docker.RunAsync(Request(image)));
        Assert.Equal(FailureClass.Image, e.Failure);
        Assert.Contains($"image {Host}/{image} could not be pulled from {Host}:", e.Message, StringComparison.Ordinal);
        Assert.Contains(said, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("guess", e.Message, StringComparison.Ordinal);
        Assert.InRange(since.Elapsed.TotalSeconds, 0, 10);
    }

    [Fact(Timeout = Limit)]
    public async Task An_image_not_to_be_pulled_is_not()
    {
        var request = Request("lab/tool:1");
        var e = await Assert.ThrowsAsync<StartException>(
            () => docker.RunAsync(request with { Spec = request.Spec with { DockerOptions = DockerRunOptions.Read(["--pull=never"]) } }));
        Assert.Equal(FailureClass.Image, e.Failure);
    }

    private RunRequest Request(string image)
    {
        var request = docker.Shell("true");
        return request with { Spec = request.Spec with { Image = $"{Host}/{image}" } };
    }

    private Task WriteConfigAsync(string name, string password) => File.WriteAllTextAsync(
        Path.Combine(folder[name], "config.json"),
        "{\"auths\":{\"" + Host + "\":{\"auth\":\"" + Convert.ToBase64String(Encoding.UTF8.GetBytes("alice:" + password)) + "\"}}}");
}
