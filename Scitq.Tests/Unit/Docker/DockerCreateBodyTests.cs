using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Runtimes.Docker;
using Scitq.Contracts;
using Scitq.Contracts.Docker;
using Scitq.Contracts.Messages;

namespace Scitq.Tests.Unit.Docker;

/// <summary>What is sent to the Engine API.</summary>
[Trait("Level", "Unit")]
public sealed class DockerCreateBodyTests
{
    private static readonly JsonSerializerOptions WithoutNulls = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    [Theory]
    [InlineData("--add-host x:10.0.0.1", "ExtraHosts", """["x:10.0.0.1"]""")]
    [InlineData("--blkio-weight 300", "BlkioWeight", "300")]
    [InlineData("--cap-add SYS_PTRACE", "CapAdd", """["SYS_PTRACE"]""")]
    [InlineData("--cap-drop CHOWN", "CapDrop", """["CHOWN","MKNOD"]""")]
    [InlineData("--cap-add MKNOD", "CapDrop", "[]")]
    [InlineData("--cgroup-parent /x", "CgroupParent", "\"/x\"")]
    [InlineData("--cgroupns host", "CgroupnsMode", "\"host\"")]
    [InlineData("--cpu-period 50000", "CpuPeriod", "50000")]
    [InlineData("--cpu-quota 20000", "CpuQuota", "20000")]
    [InlineData("--cpu-rt-period 1000", "CpuRealtimePeriod", "1000")]
    [InlineData("--cpu-rt-runtime 500", "CpuRealtimeRuntime", "500")]
    [InlineData("--cpu-shares 512", "CpuShares", "512")]
    [InlineData("--cpus 1.5", "NanoCpus", "1500000000")]
    [InlineData("--cpuset-cpus 0-1", "CpusetCpus", "\"0-1\"")]
    [InlineData("--cpuset-mems 0", "CpusetMems", "\"0\"")]
    [InlineData("--device /dev/fuse:/dev/f:rw", "Devices", """[{"PathOnHost":"/dev/fuse","PathInContainer":"/dev/f","CgroupPermissions":"rw"}]""")]
    [InlineData("--device-cgroup-rule 'c 1:3 rwm'", "DeviceCgroupRules", """["c 1:3 rwm"]""")]
    [InlineData("--device-read-bps /dev/sda:1m", "BlkioDeviceReadBps", """[{"Path":"/dev/sda","Rate":1048576}]""")]
    [InlineData("--device-write-bps /dev/sda:1m", "BlkioDeviceWriteBps", """[{"Path":"/dev/sda","Rate":1048576}]""")]
    [InlineData("--device-read-iops /dev/sda:7", "BlkioDeviceReadIOps", """[{"Path":"/dev/sda","Rate":7}]""")]
    [InlineData("--device-write-iops /dev/sda:7", "BlkioDeviceWriteIOps", """[{"Path":"/dev/sda","Rate":7}]""")]
    [InlineData("--dns 10.0.0.1", "Dns", """["10.0.0.1"]""")]
    [InlineData("--dns-option ndots:1", "DnsOptions", """["ndots:1"]""")]
    [InlineData("--dns-search lab", "DnsSearch", """["lab"]""")]
    [InlineData("--gpus all", "DeviceRequests", """[{"Driver":"","Count":-1,"Capabilities":[["gpu"]],"Options":{}}]""")]
    [InlineData("--gpus device=0,2", "DeviceRequests", """[{"Driver":"","Count":0,"DeviceIDs":["0","2"],"Capabilities":[["gpu"]],"Options":{}}]""")]
    [InlineData("--group-add 44", "GroupAdd", """["44"]""")]
    [InlineData("--init=false", "Init", "false")]
    [InlineData("--ipc host", "IpcMode", "\"host\"")]
    [InlineData("-m 1g", "Memory", "1073741824")]
    [InlineData("--memory-reservation 1m", "MemoryReservation", "1048576")]
    [InlineData("-m 1g --memory-swap -1", "MemorySwap", "-1")]
    [InlineData("--memory-swappiness 0", "MemorySwappiness", "0")]
    [InlineData("--mount type=tmpfs,target=/t,tmpfs-size=1m,tmpfs-mode=700", "Mounts[-1]",
        """{"Type":"tmpfs","Target":"/t","ReadOnly":false,"TmpfsOptions":{"SizeBytes":1048576,"Mode":448}}""")]
    [InlineData("--mount type=bind,src=/a,target=/b,ro,bind-propagation=rslave,bind-nonrecursive", "Mounts[-1]",
        """{"Type":"bind","Source":"/a","Target":"/b","ReadOnly":true,"BindOptions":{"Propagation":"rslave","NonRecursive":true}}""")]
    [InlineData("--mount type=volume,src=v,target=/b,volume-nocopy,volume-driver=local,volume-opt=o=x", "Mounts[-1]",
        """{"Type":"volume","Source":"v","Target":"/b","ReadOnly":false,"VolumeOptions":{"NoCopy":true,"DriverConfig":"""
        + """{"Name":"local","Options":{"o":"x"}}}}""")]
    [InlineData("--network none", "NetworkMode", "\"none\"")]
    [InlineData("-m 1g --oom-kill-disable", "OomKillDisable", "true")]
    [InlineData("--oom-score-adj 0", "OomScoreAdj", "0")]
    [InlineData("--pid host", "PidMode", "\"host\"")]
    [InlineData("--pids-limit -1", "PidsLimit", "-1")]
    [InlineData("--privileged", "Privileged", "true")]
    [InlineData("--read-only", "ReadonlyRootfs", "true")]
    [InlineData("--runtime nvidia", "Runtime", "\"nvidia\"")]
    [InlineData("--security-opt no-new-privileges", "SecurityOpt", """["no-new-privileges"]""")]
    [InlineData("--shm-size 64m", "ShmSize", "67108864")]
    [InlineData("--storage-opt size=10G", "StorageOpt", """{"size":"10G"}""")]
    [InlineData("--sysctl net.core.somaxconn=1", "Sysctls", """{"net.core.somaxconn":"1"}""")]
    [InlineData("--tmpfs /run:size=1m", "Tmpfs", """{"/run":"size=1m"}""")]
    [InlineData("--ulimit nofile=64:128", "Ulimits", """[{"Name":"nofile","Hard":128,"Soft":64}]""")]
    [InlineData("--userns host", "UsernsMode", "\"host\"")]
    [InlineData("--uts host", "UTSMode", "\"host\"")]
    [InlineData("-v /a:/b:ro", "Binds", """["/a:/b:ro"]""")]
    [InlineData("--volume-driver local", "VolumeDriver", "\"local\"")]
    [InlineData("-v /only", "^Volumes", """{"/only":{}}""")]
    [InlineData("--domainname d", "^Domainname", "\"d\"")]
    [InlineData("--entrypoint /bin/x", "^Entrypoint", """["/bin/x"]""")]
    [InlineData("-h host", "^Hostname", "\"host\"")]
    [InlineData("--no-healthcheck", "^Healthcheck", """{"Test":["NONE"]}""")]
    [InlineData("--stop-signal INT", "^StopSignal", "\"INT\"")]
    [InlineData("-u 1:2", "^User", "\"1:2\"")]
    [InlineData("-w /w", "^WorkingDir", "\"/w\"")]
    public void Each_option_has_its_place_in_what_the_engine_is_asked_for(string options, string place, string expected)
    {
        var body = Build(options);
        var (root, name) = place[0] == '^' ? (body, place[1..]) : (body["HostConfig"]!, place);
        var value = name.EndsWith("[-1]", StringComparison.Ordinal) ? root[name[..^4]]!.AsArray()[^1] : root[name];
        Assert.Equal(expected, value!.ToJsonString());
    }

    [Fact]
    public void Platform_name_and_labels_tell_the_container_from_others()
    {
        var request = Request(["--platform", "linux/arm64"]);
        var body = DockerCreateBody.Build(request, request.Spec.DockerOptions, imageUser: null, init: true, "/scratch");
        Assert.Equal(("linux/arm64", $"scitq-{request.Key.Lease}"), (body.Platform, body.Name));
        Assert.Equal(("w", "/scratch", request.Key.Lease.ToString()),
            (body.Labels["scitq.worker"], body.Labels["scitq.directory"], body.Labels["scitq.lease"]));
    }

    private static JsonNode Build(string text)
    {
        Assert.True(ShellWords.TrySplit(text, out var words, out _));
        var request = Request(words);
        Assert.Null(request.Spec.DockerOptions.Problem);
        var body = DockerCreateBody.Build(request, request.Spec.DockerOptions, imageUser: null, init: true, "/scratch");
        return JsonSerializer.SerializeToNode(body, WithoutNulls)!;
    }

    private static RunRequest Request(IReadOnlyList<string> options) => new()
    {
        Key = new AttemptKey(Guid.NewGuid(), 1, Guid.NewGuid()),
        Number = 1,
        Worker = "w",
        Spec = new TaskSpec { Argv = ["nvidia-smi"], Image = "cuda", DockerOptions = DockerRunOptions.Read(options) },
        Directory = new WorkDirectory("/nowhere"),
        Cpu = 1,
    };
}
