//! Files that their own public tools make: each is known for what it is, whole, truncated and damaged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Command;

use swim_core::image::{PayloadCheck, check_payload, embedded_sums, identify};

struct Folder(PathBuf);

impl Folder {
    fn new(of: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("swim-real-images-{of}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(folder: &Path, line: &str) {
    let ended = Command::new("sh").args(["-euc", line]).current_dir(folder).output().unwrap();
    assert!(ended.status.success(), "{line}: {}", String::from_utf8_lossy(&ended.stderr));
}

const SPEC: &str = "Name: ncs5500-mcast\nVersion: 2.0.0.0\nRelease: r613\nSummary: x\nLicense: x\nBuildArch: noarch\n\
    %description\nx\n%files\n";

/// Name, container, platform, version.
const MADE: &[[&str; 4]] = &[
    ["xr.iso", "ios_xr_iso", "ios_xr", "6.3.1"],
    ["xr7.iso", "ios_xr_iso", "ios_xr", "24.3.1"],
    ["other.iso", "iso", "", ""],
    ["ncs.rpm", "rpm", "ios_xr", "6.1.3"],
    ["eos.swi", "eos_swi", "eos", "4.29.2F"],
    ["stored.swi", "eos_swi", "eos", "4.29.2F"],
    ["other.zip", "zip", "", ""],
    ["xr.tar", "ios_xr_tar", "ios_xr", "6.4.2"],
    ["gnu.tar", "ios_xr_tar", "ios_xr", "6.4.2"],
    ["other.tar", "tar", "", ""],
    ["root.sqfs", "squashfs", "", ""],
    ["boot.uimage", "uimage", "ios_xe", "17.9.4a"],
    ["forti.gz", "gzip", "fortios", "7.2.7"],
    ["program", "elf", "", ""],
    ["junos.tgz", "junos_tgz", "junos", "21.2R3-S9.21"],
    ["fix.tgz", "ios_xr_tgz", "ios_xr", "24.3.1"],
    ["other.tgz", "tgz", "", ""],
];

/// Which of them carry a sum of their content.
const SUMMED: [&str; 9] =
    ["ncs.rpm", "eos.swi", "stored.swi", "other.zip", "boot.uimage", "forti.gz", "junos.tgz", "fix.tgz", "other.tgz"];

fn make(folder: &Folder) {
    folder.write("eos/version", "SWI_VERSION=4.29.2F\nSWI_ARCH=i386\n");
    folder.write("eos/boot0", "x");
    folder.write("xr/iso_info.txt", "Name: ncs5500-mini-x\nVersion: 6.3.1\n");
    folder.write(
        "xr7/mdata/mdata.json",
        r#"{"xr-version": "24.3.1", "platform-family": "8000", "image-name": "8000-x64-24.3.1.iso"}"#,
    );
    folder.write("tar/asr9k-mini-px.pie-6.4.2", "x");
    folder.write("tar/asr9k-k9sec-px.pie-6.4.2", "y");
    folder.write("junos/jinstall-ppc-21.2R3-S9.21-signed.tgz", "x");
    folder.write("junos/+COMMENT", "y");
    folder.write("fix/xr-cdp-24.3.1v1.0.1-1.x86_64.rpm", "x");
    folder.write("a.spec", SPEC);
    folder.write("FGT_200F-v7.2.7-build1624-FORTINET.out", "inside");
    folder.write("main.c", "int main(void) { return 0; }\n");
    for line in [
        "genisoimage -quiet -R -o xr.iso xr",
        "genisoimage -quiet -R -J -o xr7.iso xr7",
        "genisoimage -quiet -o other.iso eos",
        "rpmbuild -bb --quiet --define \"_topdir $PWD/rpm\" --define \"_rpmdir $PWD\" --define '_build_name_fmt ncs.rpm' a.spec",
        "cd eos; zip -q ../eos.swi version boot0; zip -q -0 ../stored.swi version boot0; zip -q ../other.zip boot0",
        "tar --format=ustar -cf xr.tar -C tar asr9k-mini-px.pie-6.4.2 asr9k-k9sec-px.pie-6.4.2",
        "tar --format=gnu -cf gnu.tar -C tar .",
        "tar -cf other.tar eos",
        "mksquashfs eos root.sqfs -quiet -no-progress",
        "mkimage -A arm -O linux -T kernel -C none -n cat9k_iosxe.17.09.04a.SPA -d main.c boot.uimage",
        "gzip -c -N FGT_200F-v7.2.7-build1624-FORTINET.out > forti.gz",
        "gcc -o program main.c",
        "tar -czf junos.tgz -C junos .; tar -czf fix.tgz -C fix .; tar -czf other.tgz eos",
    ] {
        run(&folder.0, line);
    }
}

#[test]
fn files_of_their_own_tools_are_known_whole_truncated_and_damaged() {
    let folder = Folder::new("known");
    make(&folder);
    for [name, container, platform, version] in MADE {
        let whole = std::fs::read(folder.0.join(name)).unwrap();
        let facts = identify(&whole, "prod.bin");
        let said = [
            facts.container.map(|c| c.value).unwrap_or_default(),
            facts.platform.map(|p| p.value).unwrap_or_default(),
            facts.version.map(|v| v.value.normal()).unwrap_or_default(),
        ];
        assert_eq!(said, [*container, *platform, *version], "{name}: {:?}", identify(&whole, "prod.bin"));
        let told = |bytes: &Vec<u8>| identify(bytes, "prod.bin").version.map(|v| v.value.normal()).unwrap_or_default();
        for end in (0..whole.len()).step_by(1024).take(128) {
            let said = told(&whole[..end].to_vec());
            assert!(said.is_empty() || said == *version, "{name} cut at {end}: {said}");
        }
        // Volumes and names in headers have no sums: there a flipped digit is another digit.
        if ["xr.iso", "xr.tar", "gnu.tar", "boot.uimage", "forti.gz", "junos.tgz", "fix.tgz"].contains(name) {
            continue;
        }
        let mut state = 88_172_645_463_325_252_u64;
        for _ in 0..500 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let mut damaged = whole.clone();
            let at = usize::try_from(state % damaged.len() as u64).unwrap();
            damaged[at] ^= (state >> 32) as u8 | 1;
            let said = told(&damaged);
            assert!(said.is_empty() || said == *version, "{name} with another byte {at}: {said}");
        }
    }
}

/// What the formats have sums for is found damaged whatever byte is another one, and wherever it ends too early.
#[test]
fn sums_of_their_own_tools_are_checked() {
    let folder = Folder::new("sums");
    make(&folder);
    for [name, ..] in MADE {
        let whole = std::fs::read(folder.0.join(name)).unwrap();
        let summed = SUMMED.contains(name);
        let expected = if summed { PayloadCheck::Intact } else { PayloadCheck::Unverifiable };
        assert_eq!(check_payload(&whole).unwrap(), expected, "{name}");
        let Some(sums) = embedded_sums(&whole).unwrap() else { continue };
        assert!(summed, "{name}");
        let (at, length) = sums.parts()[0];
        // The last bytes: names and times before them are under no sum.
        for back in [1, 3, 6] {
            let at = usize::try_from(at + length).unwrap() - back;
            let mut damaged = whole.clone();
            damaged[at] ^= 0x10;
            assert_ne!(check_payload(&damaged).unwrap(), PayloadCheck::Intact, "{name} with another byte {at}");
        }
        let cut = whole[..whole.len() - 1].to_vec();
        assert_ne!(check_payload(&cut).unwrap(), PayloadCheck::Intact, "{name}");
        let facts = identify(&cut, "prod.bin");
        let said = !facts.damage.is_empty() || check_payload(&cut).unwrap() == PayloadCheck::Damaged;
        assert!(said, "{name} without its last byte: {facts:?}");
    }
}

/// Which of them say where they end.
const ENDED: [&str; 8] =
    ["xr.iso", "xr7.iso", "other.iso", "eos.swi", "stored.swi", "other.zip", "root.sqfs", "boot.uimage"];

#[test]
fn what_follows_the_end_is_told_where_the_form_proves_the_end() {
    let folder = Folder::new("ended");
    make(&folder);
    for [name, ..] in MADE {
        let whole = std::fs::read(folder.0.join(name)).unwrap();
        let follows = |more: &[u8]| {
            let facts = identify(&[&whole, more].concat(), "prod.bin");
            let told: Vec<_> = facts.remarks.into_iter().filter(|remark| remark.contains("follow")).collect();
            told
        };
        for padding in [vec![], vec![0; 70_000], vec![0xff; 4096]] {
            // Where the end of an archive is looked for there is no more padding than a comment may be long.
            let padding =
                if name.ends_with(".swi") || name.ends_with(".zip") { vec![0; padding.len() / 2] } else { padding };
            assert_eq!(follows(&padding), Vec::<String>::new(), "{name} with {} bytes of padding", padding.len());
        }
        let told = follows(b"junk");
        assert_eq!(told.len(), usize::from(ENDED.contains(name)), "{name}: {told:?}");
        // The padding that a tool has put there before is counted as well.
        if *name != "root.sqfs" {
            assert!(told.iter().all(|told| told == "4 bytes follow the end of the image"), "{name}: {told:?}");
        }
    }
    // A firmware of two parts is no image with something behind it.
    let [kernel, root] = ["boot.uimage", "root.sqfs"].map(|name| std::fs::read(folder.0.join(name)).unwrap());
    let firmware = identify(&[kernel, vec![0xff; 5000], root].concat(), "firmware.bin");
    assert!(!firmware.remarks.iter().any(|remark| remark.contains("follow")), "{:?}", firmware.remarks);
}
