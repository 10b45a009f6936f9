using Scitq.Agent.Runtimes;
using Scitq.Agent.Runtimes.Docker;
using Scitq.Tests.EndToEnd.Acceptance;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Runtimes;

/// <summary>An engine over TCP: <c>DOCKER_HOST</c>, <c>DOCKER_TLS_VERIFY</c> and <c>DOCKER_CERT_PATH</c>.</summary>
[Trait("Level", "Integration")]
public sealed class DockerTlsTests(TlsDockerEngine tls, DockerFixture docker) : IClassFixture<TlsDockerEngine>, IClassFixture<DockerFixture>
{
    private const int Limit = 120_000;

    [Fact(Timeout = Limit)]
    public async Task A_command_runs_over_TLS_with_all_it_prints_and_can_be_stopped()
    {
        using var engine = At(tls.Address, tls.Certificates);
        var (exit, stdout, stderr) = await docker.RunAsync(docker.Shell("seq 1 100000; echo e >&2; exit 7"), docker.Runtime(of: engine));
        Assert.Equal((7, "e\n"), (exit.ExitCode, stderr));
        Assert.Equal(Enumerable.Range(1, 100_000), stdout.TrimEnd('\n').Split('\n').Select(int.Parse));

        var sleeps = docker.Shell("echo up; sleep 600");
        await using var run = await docker.Runtime(of: engine).StartAsync(sleeps, _ => { }, TestContext.Current.CancellationToken);
        await DockerRuntimeTests.Printed(sleeps, "up");
        _ = run.StopAsync(TimeSpan.Zero);
        Assert.Equal(137, (await run.Exit).ExitCode);
    }

    [Fact(Timeout = Limit)]
    public async Task An_engine_of_an_unknown_authority_is_refused() =>
        Assert.Contains("certificate", await RefusalAsync(At(tls.Address, tls.OtherAuthority)), StringComparison.Ordinal);

    [Fact(Timeout = Limit)]
    public async Task An_engine_of_another_name_is_refused() =>
        Assert.Contains("RemoteCertificateNameMismatch", await RefusalAsync(At(tls.OtherName, tls.Certificates)), StringComparison.Ordinal);

    [Fact(Timeout = Limit)]
    public async Task The_engine_refuses_whoever_shows_no_certificate_or_speaks_plain()
    {
        Assert.NotEmpty(await RefusalAsync(At(tls.Address, tls.NoCertificate)));
        Assert.Contains("HTTPS", await RefusalAsync(DockerFixture.At(tls.Address)), StringComparison.Ordinal);
    }

    [Fact(Timeout = Limit)]
    public async Task The_programs_find_it_by_the_variables_of_docker()
    {
        await using var system = new TlsSystem(tls);
        Assert.Equal("hello\n", (await system.FollowAsync("-d", DockerFixture.Image, "echo", "hello")).Success());
    }

    [Theory(Timeout = Limit)]
    [InlineData("tcp://localhost:1", "/nowhere", "/nowhere")]
    [InlineData("tcp://localhost:1/x", null, "DOCKER_HOST")]
    [InlineData("ssh://me@there", null, "DOCKER_HOST")]
    [InlineData("/var/run/docker.sock", null, "DOCKER_HOST")]
    public void An_address_that_can_not_be_used_is_refused_at_the_start(string host, string? certificates, string said) =>
        Assert.Contains(said, Assert.Throws<ArgumentException>(() => EngineAddress.Read(host, tls: true, certificates)).Message, StringComparison.Ordinal);

    private static DockerEngine At(string address, string certificates) => new(EngineAddress.Read(address, tls: true, certificates), TimeProvider.System);

    private async Task<string> RefusalAsync(DockerEngine engine)
    {
        using var refused = engine;
        return (await Assert.ThrowsAsync<StartException>(() => docker.RunAsync(docker.Shell("true"), docker.Runtime(of: refused)))).Message;
    }

    /// <summary>A standalone that has the engine.</summary>
    private sealed class TlsSystem(TlsDockerEngine tls) : ScitqSystem
    {
        private ProcessUnderTest? _standalone;

        public override string WorkDirectory => Folder["data/work"];

        public override string TokenFile => Folder["data/token"];

        public override IReadOnlyList<ProcessUnderTest> Processes => [_standalone!];

        protected override Task<string> StartAsync()
        {
            var environment = new Dictionary<string, string?>
                { ["DOCKER_HOST"] = tls.Address, ["DOCKER_TLS_VERIFY"] = "1", ["DOCKER_CERT_PATH"] = tls.Certificates };
            _standalone = ProcessUnderTest.Start("scitq-standalone", ["--port", "0", "--data", Folder["data"], "--name", "tls"], environment);
            return ListeningAsync(_standalone);
        }

        protected override async Task StopAsync()
        {
            if (_standalone is not null) await _standalone.DisposeAsync();
        }
    }
}
