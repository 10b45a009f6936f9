using Scitq.Contracts;
using Scitq.Contracts.Docker;

namespace Scitq.Tests.Unit.Docker;

[Trait("Level", "Unit")]
public sealed class DockerRunOptionsTests
{
    private static DockerRunOptions Parse(string line)
    {
        Assert.True(ShellWords.TrySplit(line, out var words, out _));
        Assert.True(DockerRunOptions.TryParse(words, out var options, out var problem), problem);
        return options;
    }

    private static string Refused(string line)
    {
        Assert.True(ShellWords.TrySplit(line, out var words, out _));
        Assert.False(DockerRunOptions.TryParse(words, out var options, out var problem), $"{line} was taken");
        Assert.Null(options);
        Assert.DoesNotContain('\n', problem);
        return problem;
    }

    [Fact]
    public void No_words_are_no_options()
    {
        Assert.True(DockerRunOptions.TryParse([], out var options, out _));
        Assert.Empty(options.Given);
    }

    [Theory]
    [InlineData("-e X=1")]
    [InlineData("-eX=1")]
    [InlineData("-e=X=1")]
    [InlineData("--env X=1")]
    [InlineData("--env=X=1")]
    public void One_option_can_be_written_in_five_ways(string line) => Assert.Equal("1", Parse(line).Env["X"]);

    [Fact]
    public void A_value_may_hold_blanks_and_equal_signs_and_be_empty()
    {
        var options = Parse("-e 'A=b c=d' -e B=");
        Assert.Equal("b c=d", options.Env["A"]);
        Assert.Equal("", options.Env["B"]);
    }

    [Theory]
    [InlineData("--init", true)]
    [InlineData("--init=true", true)]
    [InlineData("--init=1", true)]
    [InlineData("--init=false", false)]
    [InlineData("--init --init=F", false)]
    public void A_flag_takes_its_value_after_an_equal_sign(string line, bool expected) => Assert.Equal(expected, Parse(line).Init);

    [Theory]
    [InlineData("-m 64m", 64L << 20)]
    [InlineData("-m64m", 64L << 20)]
    [InlineData("-m=64M", 64L << 20)]
    [InlineData("--memory=2g", 2L << 30)]
    [InlineData("--memory 1.5gb", 3L << 29)]
    [InlineData("--memory 1GiB", 1L << 30)]
    [InlineData("--memory 10000000", 10_000_000L)]
    [InlineData("--memory 8192k", 8L << 20)]
    public void Memory_is_read_as_docker_reads_it(string line, long bytes) => Assert.Equal(bytes, Parse(line).Memory);

    [Theory]
    [InlineData("--cpus 2", 2_000_000_000L)]
    [InlineData("--cpus=0.5", 500_000_000L)]
    [InlineData("--cpus .25", 250_000_000L)]
    public void Processors_become_billionths(string line, long nano) => Assert.Equal(nano, Parse(line).NanoCpus);

    [Theory]
    [InlineData("nofile=1024:2048", "nofile", 1024L, 2048L)]
    [InlineData("nofile=1024", "nofile", 1024L, 1024L)]
    [InlineData("memlock=-1:-1", "memlock", -1L, -1L)]
    [InlineData("core=0", "core", 0L, 0L)]
    public void Limits_have_a_soft_and_a_hard_side(string value, string name, long soft, long hard) =>
        Assert.Equal(new DockerUlimit(name, soft, hard), Assert.Single(Parse("--ulimit " + value).Ulimits));

    [Theory]
    [InlineData("all", -1, "")]
    [InlineData("2", 2, "")]
    [InlineData("count=all", -1, "")]
    [InlineData("device=0,1", 0, "0 1")]
    [InlineData("'\"device=0,1\"'", 0, "0 1")]
    [InlineData("device=GPU-3a23c669", 0, "GPU-3a23c669")]
    [InlineData("'\"device=0,1\",capabilities=utility'", 0, "0 1")]
    [InlineData("'all,\"capabilities=compute,utility\"'", -1, "")]
    public void Gpus_are_counted_or_named(string value, int count, string devices)
    {
        var gpus = Assert.Single(Parse("--gpus " + value).Gpus);
        Assert.Equal(count, gpus.Count);
        Assert.Equal(devices, string.Join(' ', gpus.DeviceIds));
        Assert.Contains("gpu", gpus.Capabilities);
    }

    [Theory]
    [InlineData("-v /:/host", "/", "/host", null)]
    [InlineData("-v/:/h", "/", "/h", null)]
    [InlineData("--volume=/:/h", "/", "/h", null)]
    [InlineData("--volume /db:/db:ro", "/db", "/db", "ro")]
    [InlineData("-v cache:/cache", "cache", "/cache", null)]
    [InlineData("-v /scratchpad", null, "/scratchpad", null)]
    public void Volumes_are_seen_whatever_their_spelling(string line, string? source, string target, string? mode)
    {
        var options = Parse(line);
        Assert.Equal(new DockerVolume(source, target, mode), Assert.Single(options.Volumes));
        Assert.Equal(["--volume"], options.Given);
    }

    [Fact]
    public void Mounts_are_read_in_the_long_notation()
    {
        var mounts = Parse(
            "--mount type=bind,src=/db,dst=/db,readonly --mount type=tmpfs,target=/t,tmpfs-size=64m,tmpfs-mode=1777 --mount "
            + "src=cache,target=/c,volume-nocopy").Mounts;
        Assert.Equal(("bind", "/db", "/db", true), (mounts[0].Type, mounts[0].Source, mounts[0].Target, mounts[0].ReadOnly));
        Assert.Equal((64L << 20, 0x3FF), (mounts[1].TmpfsSize!.Value, mounts[1].TmpfsMode!.Value));
        Assert.Equal(("volume", "cache", true), (mounts[2].Type, mounts[2].Source, mounts[2].NoCopy));
    }

    [Fact]
    public void All_that_a_batch_job_can_use_is_known()
    {
        var options = Parse("""
            --shm-size 1g --entrypoint '' -w /data --network none --net=none --cap-add SYS_PTRACE --cap-drop ALL --privileged --device /dev/fuse
            --device /dev/a:/dev/b:r --ipc host --pid host --tmpfs /run:size=64m -u 1000:100 --platform linux/amd64 -h node --add-host db:10.0.0.1
            --add-host gw:host-gateway --dns 1.1.1.1 --dns-search example.org --dns-option ndots:1 -l tool=x --label y --security-opt seccomp=unconfined
            --pids-limit 100 --read-only --group-add video --cpuset-cpus 0-3,6 --cpuset-mems 0 -m 1g --memory-swap -1 --memory-reservation 512m
            --memory-swappiness 10 --cpu-shares 512 --oom-score-adj 100 --oom-kill-disable --sysctl net.core.somaxconn=1024 --runtime runc --cgroup-parent /jobs
            --cgroupns private --uts host --userns host --storage-opt size=10G --stop-signal SIGINT --blkio-weight 300 --device-read-bps /dev/sda:1mb
            --device-write-iops /dev/sda:100 --device-cgroup-rule 'c 1:3 rwm' --volume-driver local --no-healthcheck --pull always --domainname lab --rm -q
            """);
        Assert.Equal(1L << 30, options.ShmSize);
        Assert.Equal("", options.Entrypoint);
        Assert.Equal("none", options.Network);
        Assert.Equal(new DockerDevice("/dev/a", "/dev/b", "r"), options.Devices[1]);
        Assert.Equal("size=64m", options.Tmpfs["/run"]);
        Assert.Equal(-1, options.MemorySwap);
        Assert.Equal(new DockerDeviceRate("/dev/sda", 1 << 20), Assert.Single(options.DeviceReadBps));
        Assert.DoesNotContain("--rm", options.Given);
    }

    [Theory]
    [InlineData("--nope", "--nope")]
    [InlineData("--nope=1", "--nope")]
    [InlineData("-Z", "-Z")]
    [InlineData("--memor 64m", "--memor")]
    [InlineData("ubuntu", "ubuntu")]
    [InlineData("--init ubuntu", "ubuntu")]
    [InlineData("--init true", "true")]
    [InlineData("--", "--")]
    [InlineData("-", "-")]
    [InlineData("''", "no option")]
    [InlineData("-itv/:/h", "terminal")]
    [InlineData("-d", "waits")]
    [InlineData("-i", "-i")]
    [InlineData("-t=false", "-t")]
    [InlineData("--name other", "--name")]
    [InlineData("--restart=always", "--retry")]
    [InlineData("--env-file /root/.aws/credentials", "--env-file")]
    [InlineData("--label-file /etc/passwd", "--label-file")]
    [InlineData("--log-driver none", "--log-driver")]
    [InlineData("-p 80:80", "-p")]
    [InlineData("--volumes-from agent", "--volumes-from")]
    [InlineData("--cidfile /etc/x", "--cidfile")]
    [InlineData("--label scitq.lease=1", "scitq.")]
    [InlineData("-lscitq.worker=w", "scitq.")]
    [InlineData("-e AWS_SECRET_ACCESS_KEY", "never passed on")]
    [InlineData("-e =x", "no name")]
    [InlineData("-e", "wants a value")]
    [InlineData("--gpus", "wants a value")]
    [InlineData("--gpus none", "device=0,1")]
    [InlineData("--gpus 0", "device=0,1")]
    [InlineData("--gpus -1", "device=0,1")]
    [InlineData("--gpus count=1,device=2", "both")]
    [InlineData("-m 64q", "64q")]
    [InlineData("-m 1m", "6m")]
    [InlineData("-m -1", "-1")]
    [InlineData("-m 99999999999999999999g", "not a size")]
    [InlineData("--memory-swap 1g", "--memory")]
    [InlineData("-m 2g --memory-swap 1g", "sum")]
    [InlineData("--cpus all", "all")]
    [InlineData("--cpus 0", "0.01")]
    [InlineData("--cpus 1e3", "1e3")]
    [InlineData("--cpus 1 --cpu-quota 5000", "--cpu-quota")]
    [InlineData("--ulimit nofile", "nofile=1024:2048")]
    [InlineData("--ulimit files=1", "unknown limit")]
    [InlineData("--ulimit nofile=2:1", "above")]
    [InlineData("-v ./x:/x", "relative")]
    [InlineData("-v ../x:/x", "relative")]
    [InlineData("-v /x:y", "absolute")]
    [InlineData("-v /x:/", "'/'")]
    [InlineData("-v /x:/a/../..", "'/a/../..'")]
    [InlineData("-v /x:/y:exec", "exec")]
    [InlineData("-v /a:/x -v /b:/x/", "twice")]
    [InlineData("--mount type=bind,target=/x", "source")]
    [InlineData("--mount type=npipe,target=/x", "npipe")]
    [InlineData("--mount type=bind,src=/x", "target")]
    [InlineData("--mount type=bind,src=/x,dst=/x,nonsense", "nonsense")]
    [InlineData("--mount 'type=bind,\"src=/x'", "quote")]
    [InlineData("-w data", "absolute")]
    [InlineData("-u 'root;id'", "user")]
    [InlineData("--device sda", "/dev/x")]
    [InlineData("--dns example.org", "IP")]
    [InlineData("--add-host db", "host:address")]
    [InlineData("--network a --network b", "second")]
    [InlineData("--security-opt seccomp=/etc/profile.json", "file")]
    [InlineData("--privileged=perhaps", "neither")]
    [InlineData("--pids-limit many", "many")]
    [InlineData("--oom-score-adj 2000", "1000")]
    [InlineData("--cpuset-cpus 0;1", "0;1")]
    [InlineData("--platform 'Linux AMD'", "linux/amd64")]
    public void What_is_wrong_is_refused_and_said(string line, string said) => Assert.Contains(said, Refused(line), StringComparison.Ordinal);

    [Fact]
    public void A_NUL_byte_is_refused() => Assert.False(DockerRunOptions.TryParse(["-e", "A=\0"], out _, out _));

    [Theory]
    [InlineData("--gpus all --shm-size 1g -m 1g --cpus 2 --ulimit core=0 -e A=1 -w /x --entrypoint sh --platform linux/amd64 --init -h x --tmpfs /t -u 1000 "
        + "--rm", null)]
    [InlineData("-v /:/host", "--volume")]
    [InlineData("-v/:/h", "--volume")]
    [InlineData("--privileged=true", "--privileged")]
    [InlineData("--privileged=false", "--privileged")]
    [InlineData("--pid=host", "--pid")]
    [InlineData("--device /dev/sda", "--device")]
    [InlineData("--mount type=bind,src=/,dst=/h", "--mount")]
    [InlineData("--cap-add=ALL", "--cap-add")]
    [InlineData("--network=host", "--network")]
    [InlineData("--net host", "--network")]
    [InlineData("-v /var/run/docker.sock:/var/run/docker.sock", "--volume")]
    [InlineData("--security-opt seccomp=unconfined", "--security-opt")]
    [InlineData("--userns host --ipc host", "--ipc, --userns")]
    public void A_restricted_worker_allows_what_stays_in_the_container(string line, string? said)
    {
        var problem = DockerPolicy.RestrictedProblem(Parse(line));
        if (said is null) Assert.Null(problem);
        else Assert.Contains($"docker option {said} is not allowed on this worker", problem, StringComparison.Ordinal);
    }
}
